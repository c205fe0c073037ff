import { sha256Hex } from './digest.ts'

/** Prefix of every label and annotation of ours. */
export const LABEL_PREFIX = 'signalbox.dev/'

/** The labels that every object of ours carries, without the prefix. */
export type OurLabel = 'installation' | 'lane' | 'generation' | 'attempt' | 'plan' | 'model' | 'pool'

/** `signalbox.dev/<name>`. */
export const label = (name: OurLabel | string): string => `${LABEL_PREFIX}${name}`

/** Where names are made: two installations on one cluster never meet because both are part of every name. */
export interface Identity {
  installation: string
  cluster: string
}

/** One try at one desired state of one lane. */
export interface RunKey {
  lane: string
  generation: number
  attempt: number
}

/** `<slug ≤ 30>-<8 hex>`: the stable part of every name of a lane (law 3). At most 39 characters, a DNS label. */
export const laneName = ({ installation, cluster }: Identity, lane: string): string => {
  const slug =
    lane
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .slice(0, 30)
      .replace(/^-+|-+$/g, '') || 'lane'
  return `${slug}-${sha256Hex(`${installation}\n${cluster}\n${lane}`).slice(0, 8)}`
}

/** Name of an execution, and the id of its run and plan: `<lane name>-g<generation>a<attempt>`. */
export const runName = (identity: Identity, { lane, generation, attempt }: RunKey): string =>
  `${laneName(identity, lane)}-g${generation}a${attempt}`

/** Name of a run-once object (a Job): the run's name and the step that makes it. At most 63 characters. */
export const runOnceName = (identity: Identity, run: RunKey, step: string): string =>
  `${runName(identity, run)}-${step}`.slice(0, 63).replace(/-+$/, '')

/** Name of a generation's Deployment. */
export const generationName = (identity: Identity, lane: string, generation: number): string =>
  `${laneName(identity, lane)}-g${generation}`

/** A lane as a label value: `/` is not allowed there, so it becomes `.`. */
export const laneLabel = (lane: string): string => lane.replaceAll('/', '.')

/** The labels by which everything of a lane is found. */
export const laneLabels = ({ installation }: Identity, lane: string): Record<string, string> => ({
  [label('installation')]: installation,
  [label('lane')]: laneLabel(lane),
})

/** The generation in an object's labels, 0 when it has none. */
export const generationOf = (labels: Record<string, string>): number => Number(labels[label('generation')] ?? 0) || 0
