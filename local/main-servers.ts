import { nobody } from '../effects/metrics/nobody.ts'
import { openPrometheus } from '../effects/metrics/prometheus.ts'
import { signingFor } from '../effects/metrics/signing.ts'
import { openMlflow } from '../effects/registry/mlflow-registry.ts'
import { asClients } from '../effects/registry/mlflow-rest.ts'
import type { Policies } from '../flows/ports.ts'

/** MLflow's own environment names: what its clients send, we send. */
const mlflowHeaders = async (): Promise<Record<string, string>> =>
  asClients({
    token: process.env['MLFLOW_TRACKING_TOKEN'],
    name: process.env['MLFLOW_TRACKING_USERNAME'],
    password: process.env['MLFLOW_TRACKING_PASSWORD'],
  })

/** The MLflow server at an address; undefined where none is named. */
export const registryAt = (url: string | undefined, policies: Policies) => {
  const workspace = async () => (await policies.load()).registry?.workspace
  return url === undefined ? undefined : openMlflow({ url, headers: mlflowHeaders, workspace })
}

/** The Prometheus at an address, whose clients have no environment names of their own; nobody where none is named. */
export const metricsAt = (url: string | undefined) =>
  url === undefined
    ? { ...nobody, close: async () => undefined }
    : openPrometheus({ url, sign: signingFor(url, async () => process.env['SIGNALBOX_PROMETHEUS_TOKEN'] ?? 'none') })
