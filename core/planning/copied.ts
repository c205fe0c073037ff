import { hasStore } from '../bootstrap/hardware.ts'
import { datasetIn, type TrainDesired } from '../desired.ts'
import { isMounted } from '../policy/mounted.ts'
import { diskOf, typesOf } from '../policy/pools.ts'
import { nameOfStage } from '../policy/stages.ts'
import type { Policy, StagePolicy } from '../policy.ts'
import { sizeText } from '../text.ts'
import { FETCHED } from '../workloads/fetching.ts'
import { endedAfter } from '../workloads/stage-job.ts'
import { type Refuse, refuse } from './pipeline-price.ts'

/** MiB a second that the disk of a node takes at most, and which it is: a gp3 volume's most, and what `bootstrap` asks for; of nodes without GPUs it asks for none. */
const [FASTEST, AS_IT_COMES] = [
  { written: 1000, by: 'the 1,000 MiB a second that the fastest gp3 volume takes' },
  { written: 125, by: 'the 125 MiB a second that a gp3 volume takes as it comes' },
]

/** Seconds. What is copied within a minute is not worth a word. */
const WORTH_A_WORD = 60

/** What of a stage says what is copied for it, and where to. */
type Copies = Pick<StagePolicy, 'name' | 'use' | 'pool' | 'runner' | 'pod' | 'hours'>

/**
 * Why the dataset of a run can never lie on the disk that `signalbox-run` would copy it to, known before its node is paid for; null: it may,
 * or nobody here knows that disk: it is the user's, or nodes have some of their own.
 */
export const whyNotCopied = (desired: TrainDesired, policy: Policy, stages: readonly Copies[]): Refuse | null => {
  const stage = copying(desired, stages).find(({ pool }) => desired.bytes > diskIn(policy, pool) * 2 ** 30)
  if (stage === undefined) return null
  const lies = `${nameOfStage(stage)} has its dataset of ${sizeText(desired.bytes)} copied to the disk of its node, and one of ${stage.pool} has ${diskIn(policy, stage.pool)} GiB`
  return refuse(
    'disk-too-small',
    `${lies}: leave \`dataset\` out of the inputs of \`runner\`, and its program streams it; or mount a volume at ${PLACE}, by \`pod\`; or say a larger \`disk\` of the pool`,
  )
}

/** How long each stage copies before its own program begins, where that is worth a word and somebody knows; of nodes with disks of their own nobody does. */
export const copiedTexts = (desired: TrainDesired, policy: Policy, stages: readonly Copies[]): string[] =>
  copying(desired, stages).flatMap((stage) => {
    const first = `${nameOfStage(stage)} has the dataset copied to its node first, ${sizeText(desired.bytes)}`
    const disk = diskOn(policy, stage.pool)
    const seconds = desired.bytes / ((disk ?? FASTEST).written * 2 ** 20)
    if (seconds < WORTH_A_WORD) return []
    if (disk === null) return [`${first}, within its hours`]
    const hours = seconds / 3600
    const time = hours < 1 ? `${Math.ceil(hours * 60)} min` : `${Math.ceil(hours * 10) / 10} h`
    return [`${first}: at least ${time} of its hours, at ${disk.by}${lateText(hours, stage)}`]
  })

/** That its deadline comes first. */
const lateText = (hours: number, { hours: of }: Copies): string =>
  hours < endedAfter(of)
    ? ''
    : `; it is ended after ${endedAfter(of)} h, before its own program begins: say more \`hours\`, or leave \`dataset\` out of the inputs of \`runner\` and its program streams it`

const PLACE = `${FETCHED}/dataset`

/** Stages that have the dataset copied to the disk of their node: not to a volume of the user's. */
const copying = (desired: TrainDesired, stages: readonly Copies[]): readonly Copies[] =>
  datasetIn(desired) === null
    ? []
    : stages.filter((stage) => stage.runner?.inputs.includes('dataset') === true && !isMounted(stage, PLACE))

/** How fast the disk of a pool's node is written at most; null: it may have some of its own, and those are faster than any volume. */
const diskOn = (policy: Policy, name: string): typeof FASTEST | null => {
  const pool = policy.pools[name]
  if (pool !== undefined && hasStore(typesOf(pool))) return null
  return pool?.counts === 'nodes' && Number.isFinite(diskIn(policy, name)) ? AS_IT_COMES : FASTEST
}

/** GiB of a node's disk, where the policy makes it and it is all that a node has. */
const diskIn = (policy: Policy, name: string): number => {
  const pool = policy.pools[name]
  const isKnown = pool !== undefined && policy.nodes !== undefined && pool.nodeClass === undefined
  return isKnown && !hasStore(typesOf(pool)) ? diskOf(pool) : Number.POSITIVE_INFINITY
}
