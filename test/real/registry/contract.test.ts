import { afterAll, beforeAll } from 'vitest'
import { openMlflow } from '../../../effects/registry/mlflow-registry.ts'
import { registryContract } from '../../ports/registry.contract.ts'
import { type Mlflow, openMlflowServer } from './mlflow.ts'

let server: Mlflow
beforeAll(async () => {
  server = await openMlflowServer()
}, 300_000)
afterAll(() => server.close())

registryContract('a real MLflow', async () => {
  const registry = openMlflow({ url: server.url })
  return {
    registry,
    call: server.call,
    close: async () => {
      const found = await server.call('GET', 'registered-models/search', { max_results: '100' })
      for (const { name } of (found['registered_models'] ?? []) as { name: string }[])
        await server.call('DELETE', 'registered-models/delete', { name })
      await registry.close()
    },
  }
})
