import { NO_PRIORITY } from './pod.ts'

/** Keys that people look for at a place, from the first schema, from Kubernetes or from other tools, and where that is said. */
type Sayings = Readonly<Record<string, string>>

const DEADLINE =
  'say `hours: { p50, p95 }`: it is ended at three times p95, and sooner where its run would cost more than was approved'

const IN_DATASET = 'it is said below `on`: `on: { dataset: { bucket, prefix, manifest, completeWithin } }`'
const OF_TRAINING = 'it is said by the stage: the first of `stages`, '
const IN_POD = 'a pod’s own fields are said below `pod`'
const IN_CONTAINER = 'a container’s own fields are said below `pod`: `pod: { containers: [{ name: …, … }] }`'
const IN_ENGINE = "`pod: { containers: [{ name: 'vllm'"
const BY_VERSION = 'say `version: { model }`, with `tag: { key, value }` where that is what begins it'

const OF_PODS: Sayings = {
  affinity: IN_POD,
  imagePullSecrets: IN_POD,
  initContainers: IN_POD,
  nodeSelector: `${IN_POD}; which nodes it may have, \`pool\` says`,
  priorityClassName: NO_PRIORITY,
  securityContext: IN_POD,
  terminationGracePeriodSeconds: IN_POD,
  tolerations: IN_POD,
  volumes: IN_POD,
  envFrom: IN_CONTAINER,
  ports: IN_CONTAINER,
  volumeMounts: IN_CONTAINER,
  workingDir: IN_CONTAINER,
  cpu: `how many GPUs, \`gpus\` says; ${IN_CONTAINER}`,
  memory: `how many GPUs, \`gpus\` says; ${IN_CONTAINER}`,
  instanceType: 'say it of the pool, and name that by `pool`',
}

const OF_RANGES: Sayings = {
  min: 'say `p50`, as it is half of the time',
  median: 'say `p50`',
  typical: 'say `p50`',
  max: 'say `p95`, as it is in the bad case',
  p90: 'say `p95`',
  p99: 'say `p95`',
}

const OF_GATES: Sayings = {
  min: "say `op: '>='` and `value`",
  max: "say `op: '<='` and `value`",
  name: 'say `metric`',
  threshold: 'say `value`',
}

const IN_RESULTS = 'say `prefix`: it lies in the bucket of results, which pods of training read'

const OF_RESULTS = 'say `on.dataset` for what comes in, and `results` of the whole config for what goes out'

/** By the path, in which `*` is any name or number. */
export const ELSEWHERE: Readonly<Record<string, Sayings>> = {
  '': {
    datasets: 'say `pipelines`, each with `on.dataset` and `stages`',
    models: 'say `services`, by the name of the registered model or with `model`',
    version: 'say `schema`; the version of a policy is the digest of what it says',
    apiVersion: 'a policy is no object of Kubernetes: leave it out',
    kind: 'a policy is no object of Kubernetes: leave it out',
    metadata: 'a policy is no object of Kubernetes: leave it out',
    spec: 'write what is below it one level up',
    channel: 'say it below `approvals`',
    approvers: 'say it below `approvals`',
    operators: 'say it below `approvals`',
    $schema: 'it is for editors, and a policy in JSON alone has it: leave it out',
    budgets: 'there is one: say `budget: { dollars }`',
  },
  'pipelines.*': {
    bucket: IN_DATASET,
    prefix: IN_DATASET,
    manifest: IN_DATASET,
    completeWithin: IN_DATASET,
    dataset: IN_DATASET,
    launch: "it is the first of `stages`, with `use: 'fine-tune'`",
    train: "it is the first of `stages`, with `name: 'train'` and `use: 'fine-tune'`",
    evaluate: "it is one of `stages`, with `use: 'evaluate'`",
    gates: 'they are said by the stage whose result they judge, one of `stages`',
    registerAs: 'say `register: { model }`',
    baseModel: `${OF_TRAINING}\`model\``,
    model: `${OF_TRAINING}\`model\`; what is registered, \`register: { model }\` says`,
    method: `${OF_TRAINING}\`env: { METHOD }\``,
    image: `${OF_TRAINING}\`image\``,
    pool: `${OF_TRAINING}\`pool\``,
    schedule: 'say `on: { schedule: { cron, zone } }`',
    results: OF_RESULTS,
  },
  'pipelines.*.on': {
    bucket: 'say `dataset: { bucket, prefix }`',
    prefix: 'say `dataset: { bucket, prefix }`',
    manifest: 'say `dataset: { bucket, prefix, manifest }`',
    completeWithin: 'say `dataset: { bucket, prefix, completeWithin }`',
    s3: 'say `dataset: { bucket, prefix }`',
    model: BY_VERSION,
    tag: BY_VERSION,
    alias: 'an alias says what is served: say `version: { model, tag: { key, value } }`',
    cron: 'say `schedule: { cron, zone }`',
    manual: 'say `hand: true`',
  },
  'pipelines.*.on.schedule': { timezone: 'say `zone`', timeZone: 'say `zone`', tz: 'say `zone`' },
  'pipelines.*.register': { name: 'say `model`' },
  'pipelines.*.stages.*': {
    ...OF_PODS,
    baseModel: 'say `model`',
    method: 'say `env: { METHOD }`; left out, a fine-tuning trains a LoRA',
    resources: `how many GPUs, \`gpus\` says; ${IN_CONTAINER}`,
    timeout: DEADLINE,
    deadline: DEADLINE,
    minutes: 'say `hours: { p50, p95 }`, where 0.5 is half an hour',
    duration: 'say `hours: { p50, p95 }`',
    gate: 'say `gates`, a list',
    checks: 'say `gates`, a list',
    script: 'say `command`, and what follows it in `args`',
    entrypoint: 'say `command`, and what follows it in `args`',
    needs: 'say `inputs`, names of earlier stages',
    dependsOn: 'say `inputs`, names of earlier stages',
    retries: 'say `retries` of the whole config: another try is another attempt at the run',
    gpusPerNode: 'say `gpus`; what a node has, its pool says',
    nnodes: 'say `nodes`',
    numNodes: 'say `nodes`',
    replicas: 'say `nodes`, each with a pod',
    parallelism: 'say `nodes`, each with a pod',
  },
  'services.*': {
    ...OF_PODS,
    manifest: 'a stage brings one; what serves is made by its engine so far: say `image`, and `pod` for what is other',
    nodes: 'a replica over several nodes is not there yet: say `gpusPerReplica`, at most what one node has',
    serveAlias: 'say `alias`',
    serveTag: 'say `tag`',
    serveStage: 'say `stage`',
    gates: 'say `gate: { checks }`',
    checks: 'say `gate: { checks }`',
    gpus: 'say `gpusPerReplica`',
    tensorParallelSize: 'say `gpusPerReplica`',
    resources: `how many GPUs, \`gpusPerReplica\` says; ${IN_CONTAINER}`,
    version: 'which version is served, `alias`, `tag` or `stage` says: move that in the registry',
    minReplicas: 'say `replicas`, or `autoscaling: { min, max, on }`',
    maxReplicas: 'say `replicas`, or `autoscaling: { min, max, on }`',
    command: 'its engine says what is run: say `args` for further arguments, and `image`',
    contextLength: 'say `maxModelLen`',
    env: `its variables are said below \`pod\`, of the container that is called as its engine: ${IN_ENGINE}, env: [{ name, value }] }] }\``,
    baseModel: 'say `base`',
    lora: 'register the adapter, and its version is served: what it is served on, `base` says',
    port: 'it is asked on a port of ours, and its Service has port 80: leave it out',
  },
  runner: { uri: IN_RESULTS, bucket: IN_RESULTS, digest: 'say `sha256: { amd64, arm64 }`' },
  'pipelines.*.stages.*.hours': OF_RANGES,
  'services.*.loadMinutes': OF_RANGES,
  'services.*.gate.minutes': OF_RANGES,
  'pools.*.bootMinutes': OF_RANGES,
  'services.*.gate': { gates: 'say `checks`', prompts: 'say `probe: { prompts }`' },
  'pipelines.*.stages.*.gates.*': OF_GATES,
  'services.*.gate.checks.*': OF_GATES,
  'pipelines.*.stages.*.secrets.*': { name: 'say `secret`', secretKeyRef: 'say `{ secret, key }`' },
  'pools.*': {
    gpus: 'say `gpusPerNode`, and `maxGpus` for all of them',
    gpuCount: 'say `gpusPerNode`, and `maxGpus` for all of them',
    ami: 'it is said of all pools: `nodes: { ami, role }`',
    role: 'it is said of all pools: `nodes: { ami, role }`',
    diskSize: 'say `disk`, in GiB',
    capacityReservations: 'say `reservations: [{ id }]`',
    nodeClassName: 'say `nodeClass`',
    spot: "say `capacityTypes: ['spot']`",
    perNodeHour: 'say `price: { perNodeHour, source, date }`',
  },
  'pools.*.price': {
    perHour: 'say `perNodeHour`',
    hourly: 'say `perNodeHour`',
    dollars: 'say `perNodeHour`',
    perGpuHour: 'say `perNodeHour`: what a whole node costs',
    onDemand: 'say `perNodeHour`',
  },
  'pools.*.reservations.*': { arn: 'say `id`, `cr-…`', ownerID: 'say `owner`' },
  nodes: {
    amiSelectorTerms: 'say `ami`, an alias of one day',
    alias: 'say `ami`, an alias of one day',
    disk: 'it is said by the pool: `pools.<name>.disk`',
    subnetSelectorTerms: 'say `subnets`, their tags',
    securityGroupSelectorTerms: 'say `securityGroups`, their tags',
  },
  budget: {
    amount: 'say `dollars`',
    limit: 'say `dollars`',
    monthly: 'say `dollars`',
    rungs: 'say `ladder`',
    period: 'it is a calendar month (UTC): leave it out',
  },
  approvals: {
    timeout: 'say `expiry`',
    required: 'say `need`',
    minApprovers: 'say `need`',
    users: 'say `approvers: [{ id, name }]`',
    slack: 'say `channel`',
  },
}

/** Where what is looked for at a place is said; undefined: nobody has looked for it there. */
export const saidElsewhere = (key: string, path: readonly PropertyKey[]): string | undefined => {
  const steps = path.map(String)
  const [, sayings] =
    Object.entries(ELSEWHERE).find(([at]) => {
      const pattern = at === '' ? [] : at.split('.')
      return pattern.length === steps.length && pattern.every((step, n) => step === '*' || step === steps[n])
    }) ?? []
  return sayings !== undefined && Object.hasOwn(sayings, key) ? sayings[key] : undefined
}
