/** What a function is told by its environment, which `infra/` sets. */
export interface Settings {
  installation: string
  region: string
  table: string
  /** ARN of the table: where the ledger lies. */
  home: string
  bus: string
  policyParameter: string
  /** Prefix of the secrets' names. */
  secrets: string
  /** Of the work queue. */
  queueUrl: string
  mlflowUrl: string
  /** Undefined: no Prometheus is named. */
  prometheusUrl: string | undefined
  cluster: { name: string; endpoint: string; certificateAuthority: string }
}

/** The variable of each setting: `infra/` writes by the same names. */
export const VARIABLES = {
  installation: 'SIGNALBOX_INSTALLATION',
  region: 'AWS_REGION',
  table: 'SIGNALBOX_TABLE',
  home: 'SIGNALBOX_HOME',
  bus: 'SIGNALBOX_BUS',
  policyParameter: 'SIGNALBOX_POLICY_PARAMETER',
  secrets: 'SIGNALBOX_SECRETS',
  queueUrl: 'SIGNALBOX_QUEUE_URL',
  mlflowUrl: 'SIGNALBOX_MLFLOW_URL',
  prometheusUrl: 'SIGNALBOX_PROMETHEUS_URL',
  clusterName: 'SIGNALBOX_CLUSTER_NAME',
  clusterEndpoint: 'SIGNALBOX_CLUSTER_ENDPOINT',
  clusterAuthority: 'SIGNALBOX_CLUSTER_CA',
} as const

/** Whose logs and numbers they are: two installations of one account are told apart by it. */
export const serviceOf = (environment: Record<string, string | undefined> = process.env): string =>
  environment[VARIABLES.installation] ?? 'signalbox'

/** A setting is asked for when a port is made, so that a door needs only what its ports need. Throws with the variable's name. */
export const settingsOf = (environment: Record<string, string | undefined> = process.env): Settings => {
  const ask = (setting: keyof typeof VARIABLES): string => {
    const value = environment[VARIABLES[setting]]
    if (value === undefined || value === '')
      throw new Error(`${VARIABLES[setting]} is not set: deploy the function with \`npm run deploy\``)
    return value
  }
  return {
    get installation() {
      return ask('installation')
    },
    get region() {
      return ask('region')
    },
    get table() {
      return ask('table')
    },
    get home() {
      return ask('home')
    },
    get bus() {
      return ask('bus')
    },
    get policyParameter() {
      return ask('policyParameter')
    },
    get secrets() {
      return ask('secrets')
    },
    get queueUrl() {
      return ask('queueUrl')
    },
    get mlflowUrl() {
      return ask('mlflowUrl')
    },
    get prometheusUrl() {
      return environment[VARIABLES.prometheusUrl] || undefined
    },
    get cluster() {
      return {
        name: ask('clusterName'),
        endpoint: ask('clusterEndpoint'),
        certificateAuthority: ask('clusterAuthority'),
      }
    },
  }
}
