import { canonicalJson } from '../../core/digest.ts'
import type { KubeObject } from '../../core/kube.ts'
import { isOfGpus } from '../../core/pools/counts.ts'
import { numberIn } from '../../core/quantity.ts'
import { type Deployment, type Job, KINDS, type Labels, type Pod } from './wire.ts'

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const SERVICE = /^[a-z]([-a-z0-9]*[a-z0-9])?$/
const WORD = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/

type Spec = Pod['spec']

/** What the server would refuse as 422: one problem each, `field: why`. Defaults are filled in before. */
export const problemsOf = (object: KubeObject): string[] => [
  ...nameProblems(object),
  ...wordProblems(object.metadata.labels, 'metadata.labels', true),
  ...wordProblems(object.metadata.annotations, 'metadata.annotations', false),
  ...specProblems(object),
]

/** What may not change once it is there. */
export const immutableProblems = (before: KubeObject, after: KubeObject): string[] =>
  (IMMUTABLE[before.kind] ?? []).flatMap((path) =>
    canonicalJson(at(before, path) ?? null) === canonicalJson(at(after, path) ?? null)
      ? []
      : [`${path}: Invalid value: field is immutable`],
  )

/** The message of a 422. */
export const invalid = ({ kind, metadata }: KubeObject, problems: string[]): string =>
  `${KINDS[kind].title} "${metadata.name ?? ''}" is invalid: ${problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`}`

const IMMUTABLE: Partial<Record<KubeObject['kind'], string[]>> = {
  Job: ['spec.template', 'spec.selector', 'spec.completions', 'spec.completionMode', 'spec.podFailurePolicy'],
  Deployment: ['spec.selector'],
  Service: ['spec.clusterIP'],
  Pod: ['spec.containers', 'spec.nodeName', 'spec.nodeSelector', 'spec.restartPolicy'],
}

const at = (object: KubeObject, path: string): unknown =>
  path.split('.').reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], object)

const nameProblems = ({ kind, metadata: { name } }: KubeObject): string[] => {
  if (typeof name !== 'string' || name === '')
    return ['metadata.name: Required value: name or generateName is required']
  const longest = kind === 'Job' || kind === 'Service' ? 63 : 253
  const bad = kind === 'Service' ? !SERVICE.test(name) : !SUBDOMAIN.test(name)
  return [
    ...(name.length > longest ? [`metadata.name: Invalid value: must be no more than ${longest} characters`] : []),
    ...(bad
      ? [
          `metadata.name: Invalid value: ${JSON.stringify(name)}: a name must consist of lower case alphanumeric characters or '-'`,
        ]
      : []),
  ]
}

const wordProblems = (map: Labels | undefined, path: string, values: boolean): string[] =>
  Object.entries(map ?? {}).flatMap(([key, value]) => [
    ...(isKey(key)
      ? []
      : [
          `${path}: Invalid value: ${JSON.stringify(key)}: name part must consist of alphanumeric characters, '-', '_' or '.'`,
        ]),
    ...(typeof value !== 'string' ? [`${path}: Invalid value: ${JSON.stringify(value)}: must be a string`] : []),
    ...(values && typeof value === 'string' && (value.length > 63 || !WORD.test(value))
      ? [
          `${path}: Invalid value: ${JSON.stringify(value)}: a valid label must be an empty string or consist of at most 63 alphanumeric characters, '-', '_' or '.'`,
        ]
      : []),
  ])

const isKey = (key: string): boolean => {
  const slash = key.lastIndexOf('/')
  const [prefix, name] = [key.slice(0, Math.max(0, slash)), key.slice(slash + 1)]
  const prefixed = slash < 0 || (prefix.length <= 253 && SUBDOMAIN.test(prefix))
  return prefixed && name !== '' && name.length <= 63 && WORD.test(name)
}

const specProblems = (object: KubeObject): string[] => {
  switch (object.kind) {
    case 'Job':
      return jobProblems(object as Job)
    case 'Deployment':
      return deploymentProblems(object as Deployment)
    case 'Pod':
      return podProblems((object as Pod).spec, 'spec')
    case 'Service':
      return serviceProblems(object as KubeObject<'Service'>)
    case 'PodDisruptionBudget':
      return budgetProblems(object as KubeObject<'PodDisruptionBudget'>)
    default:
      return []
  }
}

const jobProblems = ({ metadata, spec }: Job): string[] => {
  const policy = spec?.template?.spec?.restartPolicy
  const template = 'spec.template.spec'
  const indexed = spec?.completionMode === 'Indexed'
  return [
    ...wordProblems(spec?.template?.metadata?.labels, 'spec.template.labels', true),
    ...podProblems(spec?.template?.spec, template),
    ...(policy === undefined ? [`${template}.restartPolicy: Required value: valid values: "OnFailure", "Never"`] : []),
    ...(policy === 'Always' ? [`${template}.restartPolicy: Unsupported value: "Always"`] : []),
    ...(spec?.podFailurePolicy !== undefined && policy !== 'Never'
      ? [`${template}.restartPolicy: Invalid value: only "Never" is supported when podFailurePolicy is specified`]
      : []),
    ...(indexed && spec?.completions === undefined
      ? ['spec.completions: Required value: when completion mode is Indexed']
      : []),
    ...(indexed && `${metadata.name}-${(spec?.completions ?? 1) - 1}`.length > 63
      ? [
          'metadata.name: Invalid value: will not able to create pod with invalid DNS label: must be no more than 63 characters',
        ]
      : []),
    ...countProblems(spec, [
      'parallelism',
      'completions',
      'backoffLimit',
      'activeDeadlineSeconds',
      'ttlSecondsAfterFinished',
    ]),
  ]
}

const countProblems = (spec: object | undefined, fields: string[]): string[] =>
  fields.flatMap((field) => {
    const value = (spec as Record<string, unknown> | undefined)?.[field]
    return value === undefined || value === null || (Number.isInteger(value) && Number(value) >= 0)
      ? []
      : [`spec.${field}: Invalid value: ${JSON.stringify(value)}: must be greater than or equal to 0`]
  })

const deploymentProblems = ({ spec }: Deployment): string[] => {
  const selected = Object.entries(spec?.selector?.matchLabels ?? {})
  const labels = spec?.template?.metadata?.labels ?? {}
  return [
    ...(selected.length === 0 ? ['spec.selector: Required value'] : []),
    ...(selected.some(([key, value]) => labels[key] !== value)
      ? ['spec.template.metadata.labels: Invalid value: `selector` does not match template `labels`']
      : []),
    ...wordProblems(labels, 'spec.template.labels', true),
    ...podProblems(spec?.template?.spec, 'spec.template.spec'),
    ...countProblems(spec, ['replicas', 'minReadySeconds', 'progressDeadlineSeconds']),
  ]
}

const serviceProblems = ({ spec }: KubeObject<'Service'>): string[] =>
  (spec?.ports ?? []).length === 0 && spec?.clusterIP !== 'None' ? ['spec.ports: Required value'] : []

const budgetProblems = ({ spec }: KubeObject<'PodDisruptionBudget'>): string[] =>
  spec?.minAvailable !== undefined && spec.maxUnavailable !== undefined
    ? ['spec: Invalid value: minAvailable and maxUnavailable cannot be both set']
    : []

const podProblems = (spec: Spec | undefined, path: string): string[] => {
  const containers = spec?.containers ?? []
  if (containers.length === 0) return [`${path}.containers: Required value`]
  const names = containers.map(({ name }) => name)
  return containers.flatMap(({ name, image, resources }, index) => [
    ...(typeof name === 'string' && name.length <= 63 && LABEL.test(name)
      ? []
      : [`${path}.containers[${index}].name: ${name ? `Invalid value: ${JSON.stringify(name)}` : 'Required value'}`]),
    ...(names.indexOf(name) < index ? [`${path}.containers[${index}].name: Duplicate value: "${name}"`] : []),
    ...(image ? [] : [`${path}.containers[${index}].image: Required value`]),
    ...gpuProblems(resources, `${path}.containers[${index}].resources`),
  ])
}

/** GPUs are whole, and asked for exactly. */
const gpuProblems = (resources: { limits?: Labels; requests?: Labels } | undefined, path: string): string[] => {
  const { limits = {}, requests = {} } = resources ?? {}
  const asked = new Set([...Object.keys(limits), ...Object.keys(requests)].filter(isOfGpus))
  return [...asked].flatMap((key) => wholeProblems(key, [limits[key], requests[key]], path))
}

const wholeProblems = (
  resource: string,
  [limit, request]: [limit: string | undefined, request: string | undefined],
  path: string,
): string[] => {
  if (limit === undefined && request === undefined) return []
  if (limit === undefined) return [`${path}.limits: Required value: Limit must be set for non overcommitable resources`]
  const gpus = numberIn(limit)
  if (numberIn(request) !== gpus)
    return [`${path}.requests: Invalid value: "${request}": must be equal to ${resource} limit of ${limit}`]
  return Number.isInteger(gpus) ? [] : [`${path}.limits[${resource}]: Invalid value: "${limit}": must be an integer`]
}
