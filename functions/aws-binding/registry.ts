import { openMlflow } from '../../effects/registry/mlflow-registry.ts'
import { bearer } from '../../effects/registry/mlflow-rest.ts'
import type { ManagedSecrets } from '../../effects/secrets/secrets-manager.ts'
import type { Policies } from '../../flows/ports.ts'
import type { Registry } from '../../flows/registry-port.ts'
import { FAR } from './patience.ts'
import type { Settings } from './settings.ts'

export const registryOf = ({ mlflowUrl }: Settings, secrets: ManagedSecrets, policies: Policies): Registry =>
  openMlflow({
    url: mlflowUrl,
    headers: bearer(() => secrets.get('mlflow-token')),
    workspace: async () => (await policies.load()).registry?.workspace,
    ...FAR,
  })
