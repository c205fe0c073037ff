import { expect, it } from 'vitest'
import { PLAN_TAG } from '../../../core/steps/register-model.ts'
import { openMlflow } from '../../../effects/registry/mlflow-registry.ts'
import { uploadDataset } from '../../../local/scenario.ts'
import { openRealTown } from '../real-town.ts'
import { openMlflowServer } from './mlflow.ts'

it('what was trained and evaluated on the real cluster is a version in the real MLflow, and its alias serves it', async () => {
  const mlflow = await openMlflowServer()
  const registry = openMlflow({ url: mlflow.url })
  const town = await openRealTown({ registry })
  await uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'support-chats/one/', rows: ['{"a":1}'] })
  await town.answered('train/support-chats')
  expect((await town.settled('train/support-chats')).state).toBe('succeeded')
  const run = await town.run('train/support-chats')
  const version = await registry.findByTag('support-llama', PLAN_TAG, run?.id ?? '')
  expect(version).toMatchObject({ version: '1', status: 'READY' })
  expect(version?.artifactUri).toMatch(/^s3:/)

  await mlflow.call('POST', 'registered-models/alias', { name: 'support-llama', alias: 'champion', version: '1' })
  // No webhook reaches this house: reconcile finds the alias.
  await town.reconcile()
  await town.answered('serve/support-llama')
  expect((await town.settled('serve/support-llama')).state).toBe('succeeded')
  await town.close()
  await registry.close()
  await mlflow.close()
})
