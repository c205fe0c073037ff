import { openMlflow } from '../../effects/registry/mlflow-registry.ts'
import type { ManagedSecrets } from '../../effects/secrets/secrets-manager.ts'
import type { Registry } from '../../flows/ports.ts'
import type { Settings } from './settings.ts'

/** The token `none` is for a server that asks for none. */
export const registryOf = ({ mlflowUrl }: Settings, secrets: ManagedSecrets): Registry =>
  openMlflow({
    url: mlflowUrl,
    headers: async (): Promise<Record<string, string>> => {
      const token = await secrets.get('mlflow-token')
      return token === 'none' ? {} : { authorization: `Bearer ${token}` }
    },
  })
