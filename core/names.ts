import { hmacHex, sha256Hex } from './digest.ts'
import type { KubeObject } from './kube.ts'

/** Prefix of every label and annotation of ours. */
export const LABEL_PREFIX = 'signalbox.dev/'

/** The labels that every object of ours carries, without the prefix. */
export type OurLabel = 'installation' | 'ledger' | 'lane' | 'generation' | 'attempt' | 'plan' | 'model' | 'pool'

/** `signalbox.dev/<name>`. */
export const label = (name: OurLabel | string): string => `${LABEL_PREFIX}${name}`

/** Where names are minted: two ledgers never meet because the id of the one that mints is part of every name. */
export interface Place {
  installation: string
  cluster: string
  /** The ledger's id; left out only on paper, where nothing that is minted is kept. */
  ledger?: string | undefined
}

/** Whose names and labels are made: the lane's own name was minted once and is kept in its document (law 3). */
export interface Identity {
  installation: string
  /** The ledger's own id, minted once. */
  ledger: string
  /** The lane's name. */
  name: string
}

/** One try at one desired state of one lane. */
export interface RunKey {
  lane: string
  generation: number
  attempt: number
}

/** Mints `<slug ≤ 30>-<8 hex>`: the stable part of every name of a lane (law 3). At most 39 characters, a DNS label. */
export const mintName = ({ installation, cluster, ledger }: Place, lane: string): string => {
  const minter = ledger === undefined ? `${installation}\n${cluster}` : `ledger\n${ledger}`
  return `${slugOf(lane)}-${sha256Hex(`${minter}\n${lane}`).slice(0, 8)}`
}

/** What every name that a ledger may mint for a lane looks like, a regular expression: other lanes that begin alike may have such a name, too. */
export const mintedName = (lane: string): string => `${slugOf(lane)}-[0-9a-f]{8}`

const slugOf = (lane: string): string =>
  lane
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 30)
    .replace(/^-+|-+$/g, '') || 'lane'

/** What each name looks like that a lane which serves has minted, its Services' and its Deployments': a regular expression, as RE2 reads it, too. */
export const SERVED_NAME = 'service(-[a-z0-9]+)*-[0-9a-f]{8}(-g[0-9]+)?'

/** How the name begins of all that a run makes. */
export const RUN_NAME = '[a-z0-9-]+-[0-9a-f]{8}-g[0-9]+a[0-9]+(-|$)'

/** The id of a run and of its plan: `<lane name>-g<generation>a<attempt>`. */
export const runName = ({ name }: Pick<Identity, 'name'>, { generation, attempt }: Omit<RunKey, 'lane'>): string =>
  `${name}-g${generation}a${attempt}`

/** The lane's name and the attempt in a run's id; null when it is none. */
export const runOfName = (id: string): { name: string; generation: number; attempt: number } | null => {
  const [, name, generation, attempt] = /^(.+)-g(\d+)a(\d+)$/.exec(id) ?? []
  return name === undefined ? null : { name, generation: Number(generation), attempt: Number(attempt) }
}

/** Longest name of a Job whose pods have its whole name in theirs: Kubernetes adds a dash and five characters, and cuts at 63. */
const JOB_NAME = 57

/**
 * Name of a run-once object (a Job): the run's name and the step that makes it. At most 57 characters, so that the name of a
 * pod tells its Job; what would be longer ends with a digest, so that no two steps of a run have one name.
 */
export const runOnceName = (identity: Pick<Identity, 'name'>, run: Omit<RunKey, 'lane'>, step: string): string => {
  const whole = `${runName(identity, run)}-${step}`
  if (whole.length <= JOB_NAME) return whole.replace(/-+$/, '')
  return `${whole.slice(0, JOB_NAME - 9).replace(/-+$/, '')}-${sha256Hex(whole).slice(0, 8)}`
}

/** The run in the name of a run-once object; null: no lane of ours can have named it. A stage may be named like a run: the lane's own digest comes first. */
export const runOfJob = (job: string): { name: string; generation: number; attempt: number } | null => {
  const [, name, generation, attempt] = /^(.+?-[0-9a-f]{8})-g(\d+)a(\d+)-.+$/.exec(job) ?? []
  return name === undefined ? null : { name, generation: Number(generation), attempt: Number(attempt) }
}

/** Whether Kubernetes can have given this name to a pod of the Job: it has five characters of its own after the Job's name, and of several which it is. */
export const isPodOfJob = (pod: string, job: string): boolean =>
  pod.startsWith(`${job}-`) && /^(?:\d{1,2}-)?[a-z0-9]{5}$/.test(pod.slice(job.length + 1))

/** Name of a generation's Deployment. */
export const generationName = ({ name }: Pick<Identity, 'name'>, generation: number): string => `${name}-g${generation}`

/** A lane as a label value: `/` is not allowed there, so it becomes `.`. */
export const laneLabel = (lane: string): string => lane.replaceAll('/', '.')

/** The lane that a label value means: a lane has one slash, and no kind of lane has a dot in its name. */
export const laneOfLabel = (value: string): string => value.replace('.', '/')

/** The labels of a lane that selectors name: the same for as long as the lane has its name. */
export const laneLabels = ({ installation }: Pick<Identity, 'installation'>, lane: string): Record<string, string> => ({
  [label('installation')]: installation,
  [label('lane')]: laneLabel(lane),
})

/** The labels of every object that we make: whose it is, and of which lane. They find things and prove nothing (law 3). */
export const ourLabels = (identity: Omit<Identity, 'name'>, lane: string): Record<string, string> => ({
  ...laneLabels(identity, lane),
  [label('ledger')]: identity.ledger,
})

/** The generation in an object's labels, 0 when it has none. */
export const generationOf = (labels: Record<string, string>): number => Number(labels[label('generation')] ?? 0) || 0

/** On a Job: its token. */
export const TOKEN_ANNOTATION = label('token')

/**
 * What only the ledger that has this secret can put on a Job of this name, before it is made as after a restore that forgot it:
 * names, labels and digests can be copied from any object.
 */
export const tokenOf = (
  secret: string,
  { namespace = '', name }: Pick<KubeObject['metadata'], 'namespace' | 'name'>,
): string => hmacHex(secret, `${namespace}/${name}`).slice(0, 24)

/** Whether this ledger has made the object. */
export const hasToken = ({ metadata }: KubeObject, secret: string): boolean =>
  metadata.annotations?.[TOKEN_ANNOTATION] === tokenOf(secret, metadata)
