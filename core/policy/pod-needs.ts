/** What is wrong with the fields of a map, at one of them or at the map itself. */
interface Wrong {
  at: string[]
  message: string
}

const SECRET = 'name the Secret'
const CONFIG = 'name the ConfigMap'
const KEY = 'say which of its keys'
const FILE = 'say where in the volume it becomes a file'
const PORT = 'say which port is asked, by its number or its name'
const SELECTS = { key: 'say which label', operator: 'write one of In, NotIn, Exists, DoesNotExist' }
const PREFERS = 'say from 1 to 100 how much it counts'
const WHERE = 'say by which label of nodes places are told apart, `topology.kubernetes.io/zone`'

/**
 * What of a type must be said, each with what to write. Of what is merged onto ours only what ours never says: of a probe’s `httpGet`
 * the port is ours.
 */
const NEEDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  SecretVolumeSource: { secretName: SECRET },
  SecretProjection: { name: SECRET },
  SecretEnvSource: { name: SECRET },
  SecretKeySelector: { name: SECRET, key: KEY },
  ConfigMapVolumeSource: { name: CONFIG },
  ConfigMapProjection: { name: CONFIG },
  ConfigMapEnvSource: { name: CONFIG },
  ConfigMapKeySelector: { name: CONFIG, key: KEY },
  FileKeySelector: { volumeName: 'name the volume', path: 'name the file', key: KEY },
  KeyToPath: { key: KEY, path: FILE },
  DownwardAPIVolumeFile: { path: FILE },
  ObjectFieldSelector: { fieldPath: 'name a field of the pod, `metadata.name`' },
  ResourceFieldSelector: { resource: 'name what is asked for or limited, `limits.memory`' },
  ServiceAccountTokenProjection: { path: FILE },
  PersistentVolumeClaimVolumeSource: { claimName: 'name the claim' },
  EphemeralVolumeSource: { volumeClaimTemplate: 'say what is claimed, `{ spec: { … } }`' },
  PersistentVolumeClaimTemplate: { spec: 'say what is claimed, `{ accessModes, resources }`' },
  PersistentVolumeClaimSpec: {
    accessModes: "write `['ReadWriteOnce']`, or what its class has",
    resources: "say how much, `{ requests: { storage: '500Gi' } }`",
  },
  CSIVolumeSource: { driver: 'name the driver' },
  NFSVolumeSource: { server: 'name the server', path: 'say which of its folders' },
  ImageVolumeSource: { reference: 'pin the image by digest, `repository@sha256:<64 hex>`' },
  ExecAction: { command: "say what is run, `['cat', '/ready']`" },
  TCPSocketAction: { port: PORT },
  GRPCAction: { port: PORT },
  PodAffinityTerm: { topologyKey: WHERE },
  WeightedPodAffinityTerm: { weight: PREFERS, podAffinityTerm: 'say which pods, and where' },
  PreferredSchedulingTerm: { weight: PREFERS, preference: 'say which nodes, `{ matchExpressions: [ … ] }`' },
  NodeSelector: { nodeSelectorTerms: 'say which nodes, `[{ matchExpressions: [ … ] }]`' },
  NodeSelectorRequirement: { ...SELECTS, operator: `${SELECTS.operator}, Gt, Lt` },
  LabelSelectorRequirement: SELECTS,
  TopologySpreadConstraint: {
    maxSkew: 'say by how many pods places may differ, 1 or more',
    whenUnsatisfiable: 'write DoNotSchedule or ScheduleAnyway',
  },
  PodOS: { name: 'write linux, or leave out `os`' },
}

/** Of which a type has exactly one. */
const ONE_OF: Readonly<Record<string, readonly string[]>> = {
  EnvVarSource: ['configMapKeyRef', 'fieldRef', 'fileKeyRef', 'resourceFieldRef', 'secretKeyRef'],
  EnvFromSource: ['configMapRef', 'secretRef'],
  DownwardAPIVolumeFile: ['fieldRef', 'resourceFieldRef'],
}

/** Of which a type has one at most. */
const ONE_AT_MOST: Readonly<Record<string, readonly string[]>> = {
  EnvVar: ['value', 'valueFrom'],
  VolumeMount: ['subPath', 'subPathExpr'],
}

/** What nobody says of a type here, each with what to say instead. */
const NEVER: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ResourceRequirements: {
    claims: 'what is claimed is neither priced nor held: say how many GPUs where the pool is named',
  },
}

/** What a map of this type lacks, has too much of, or has that does not go together. */
export const needWrongs = (type: string, fields: Readonly<Record<string, unknown>>): Wrong[] => {
  const said = (key: string): boolean => isSaid(fields[key])
  return [
    ...Object.entries(NEEDS[type] ?? {}).flatMap(([key, say]) =>
      said(key) ? [] : [{ at: [key], message: `is missing: ${say}` }],
    ),
    ...Object.entries(NEVER[type] ?? {}).flatMap(([key, message]) => (said(key) ? [{ at: [key], message }] : [])),
    ...oneWrongs(ONE_OF[type] ?? [], said, 1),
    ...oneWrongs(ONE_AT_MOST[type] ?? [], said, 0),
    ...(type.endsWith('SelectorRequirement') ? valuesWrongs(fields) : []),
  ]
}

const isSaid = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0)

const oneWrongs = (keys: readonly string[], isIn: (key: string) => boolean, least: number): Wrong[] => {
  const said = keys.filter(isIn)
  if (said.length > 1)
    return [{ at: [], message: `it is one thing, and this is ${said.join(' and ')}: leave out one of them` }]
  return keys.length > 0 && said.length < least
    ? [{ at: [], message: `says nothing: write one of ${keys.join(', ')}` }]
    : []
}

const NUMBER = /^-?\d+$/

/** How many values an operator compares with. */
const valuesWrongs = ({ operator, values }: Readonly<Record<string, unknown>>): Wrong[] => {
  const wrong = (message: string): Wrong[] => [{ at: ['values'], message }]
  const all: readonly unknown[] = Array.isArray(values) ? values : []
  if (operator === 'In' || operator === 'NotIn')
    return all.length > 0 ? [] : wrong(`${operator} compares with some: write them, or take Exists`)
  if (operator === 'Exists' || operator === 'DoesNotExist')
    return all.length === 0 ? [] : wrong(`${operator} compares with none: leave them out, or take In`)
  if (operator !== 'Gt' && operator !== 'Lt') return []
  return all.length === 1 && NUMBER.test(String(all[0]))
    ? []
    : wrong(`${operator} compares with one whole number: write it in quotes, ['8']`)
}
