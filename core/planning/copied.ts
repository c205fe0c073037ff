import { hasStore } from '../bootstrap/hardware.ts'
import { datasetIn, type TrainDesired } from '../desired.ts'
import { diskOf, typesOf } from '../policy/pools.ts'
import { nameOfStage } from '../policy/stages.ts'
import type { Policy, StagePolicy } from '../policy.ts'
import { sizeText } from '../text.ts'
import { FETCHED } from '../workloads/fetching.ts'
import { type Refuse, refuse } from './pipeline-price.ts'

/** Bytes a second that the disk of a node takes at most: 1,000 MiB, a gp3 volume's most and what `bootstrap` asks for. */
const WRITTEN = 1000 * 2 ** 20

/** Bytes. What is copied within a minute is not worth a word. */
const WORTH_A_WORD = 60 * WRITTEN

/** What of a stage says what is copied for it, and where to. */
type Copies = Pick<StagePolicy, 'name' | 'use' | 'pool' | 'runner' | 'pod'>

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

/** How long each stage copies before its own program begins, where that is worth a word. */
export const copiedTexts = (desired: TrainDesired, stages: readonly Copies[]): string[] =>
  copying(desired, stages)
    .filter(() => desired.bytes >= WORTH_A_WORD)
    .map((stage) => {
      const hours = desired.bytes / WRITTEN / 3600
      const time = hours < 1 ? `${Math.ceil(hours * 60)} min` : `${Math.ceil(hours * 10) / 10} h`
      return `${nameOfStage(stage)} has the dataset copied to its node first, ${sizeText(desired.bytes)}: at least ${time} of its hours, at the 1,000 MiB a second that the fastest gp3 volume takes`
    })

const PLACE = `${FETCHED}/dataset`

/** Stages that have the dataset copied to the disk of their node: not to a volume of the user's. */
const copying = (desired: TrainDesired, stages: readonly Copies[]): readonly Copies[] =>
  datasetIn(desired) === null
    ? []
    : stages.filter(({ runner, pod }) => {
        const mounts = (pod?.containers ?? []).flatMap((one) => one?.volumeMounts ?? [])
        const isElsewhere = mounts.some((one) => PLACE.startsWith(one?.mountPath?.replace(/\/+$/, '') || ' '))
        return runner?.inputs.includes('dataset') === true && !isElsewhere
      })

/** GiB of a node's disk, where the policy makes it and it is all that a node has. */
const diskIn = (policy: Policy, name: string): number => {
  const pool = policy.pools[name]
  const isKnown = pool !== undefined && policy.nodes !== undefined && pool.nodeClass === undefined
  return isKnown && !hasStore(typesOf(pool)) ? diskOf(pool) : Number.POSITIVE_INFINITY
}
