import { expect, it } from 'vitest'
import { sha256Hex } from '../../../core/digest.ts'
import { label } from '../../../core/names.ts'
import { openMlflow } from '../../../effects/registry/mlflow-registry.ts'
import { uploadDataset } from '../../../local/scenario.ts'
import { openRealTown } from '../real-town.ts'
import { openMlflowServer } from './mlflow.ts'

const [TRAIN, SERVE] = ['pipeline/support-chats', 'service/support-llama']

it('what was trained and evaluated on the real cluster is a version in the real MLflow, and its alias serves it', async () => {
  const mlflow = await openMlflowServer()
  const registry = openMlflow({ url: mlflow.url })
  const town = await openRealTown({ registry })
  await uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'support-chats/one/', rows: ['{"a":1}'] })
  await town.answered(TRAIN)
  const { state, name } = await town.settled(TRAIN)
  expect(state).toBe('succeeded')
  // Found as a repeated registration would find it: by lane and artifact, whichever attempt or generation it was.
  const { bucket, prefix } = town.policy.results
  const [made] = await town.house.objects.list(bucket, `${prefix}${name}-g1a1-train-`)
  const source = `s3://${bucket}/${made?.key.split('/model/')[0]}/model`
  const tag = `${name}-${sha256Hex(source).slice(0, 8)}`
  expect(await registry.findByTag('support-llama', label('plan'), tag)).toMatchObject({
    version: '1',
    status: 'READY',
    source,
  })

  await mlflow.call('POST', 'registered-models/alias', { name: 'support-llama', alias: 'champion', version: '1' })
  // No webhook reaches this house: resync finds the alias, once.
  expect(await town.resync()).toMatchObject({ letters: 1 })
  expect(await town.resync()).toMatchObject({ letters: 0 })
  await town.answered(SERVE)
  expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded', desired: { version: '1' } })
  await town.close()
  await registry.close()
  await mlflow.close()
})
