import { againIn } from '../again.ts'
import { datasetIn, type TrainDesired } from '../desired.ts'
import { occasionOf } from '../occasions/catalogue.ts'
import type { Again } from '../occasions/occasion.ts'
import { nameOfStage, nodesOfStage } from '../policy/stages.ts'
import type { PipelinePolicy, PoolPolicy, StagePolicy } from '../policy.ts'
import { amountText } from '../pools/counts.ts'
import { counted, said, sizeText } from '../text.ts'
import { type Made, presetFor, shortName, wordsOf } from './pipeline-steps.ts'

/** What it runs on, with its size. */
export const datasetText = (desired: TrainDesired): string =>
  datasetIn(desired) === null
    ? `${trainTitle(desired)}: on no dataset`
    : `${trainTitle(desired)}: ${counted(desired.objects, 'object')}, ${sizeText(desired.bytes)}, named by s3://${desired.bucket}/${desired.key}`

/** A dataset version to run a pipeline on, in the words of a person. */
export const trainTitle = (desired: TrainDesired): string =>
  desired.drift === undefined
    ? `${isOnNothing(desired) ? 'run' : 'run on'} ${shortName(desired)}${occasionText(desired)}`
    : `run on ${shortName(desired)} once more, since ${said(desired.drift.alert, 100)} fires`

const isOnNothing = (desired: TrainDesired): boolean => datasetIn(desired) === null && desired.weights === undefined

/** What it is run for, behind its title. */
export const occasionText = ({ occasion }: TrainDesired): string =>
  occasion === undefined ? '' : `, ${occasionOf(occasion).titleOf(occasion)}`

/** What the first stage does that is still to run, what is kept of those before, and what comes of it all. */
export const planTitle = (made: Made): string => {
  const { stages, register } = made.pipeline
  const left = new Set(made.uses.map(({ stage }) => stage))
  const kept = stages.map(nameOfStage).filter((name) => !left.has(name))
  const first = stages.find((stage) => left.has(nameOfStage(stage))) ?? stages[0]
  const what = first === undefined ? 'Run' : wordsOf(first, presetFor(made, first))
  const more = stages.length > 2 ? `, ${stages.length} stages in all` : ''
  const keeping = kept.length === 0 ? '' : `, keeping ${kept.join(', ')}`
  const registers = register === undefined ? '' : `, register it as ${register.model}`
  const { desired, chosen } = made.input
  const { drift } = desired
  const why = drift === undefined ? occasionText(desired) : `, since ${said(drift.alert, 100)} fires`
  const as = chosen === undefined ? '' : `, as its alternative ${chosen.name}`
  const on = isOnNothing(desired) ? '' : ` on ${shortName(desired)}`
  return `${what}${on}${more}${keeping}${registers}${why}${as}`
}

/** How what it does is undone. */
export const undoOf = ({ register }: PipelinePolicy): string =>
  register === undefined
    ? 'Cancel deletes the Jobs. What they have written stays.'
    : 'Cancel deletes the Jobs. A registered version stays, and nothing serves it before it is promoted.'

/** Why people are asked whatever a run costs that an alert, a person or the clock began; undefined: there is no such reason. */
export const againText = (desired: TrainDesired): string | undefined => {
  const { occasion, weights } = desired
  const again = againIn(desired)
  if (again === undefined || (occasion !== undefined && again === occasionOf(occasion).undoes)) return undefined
  return `no ${weights === undefined ? 'dataset' : 'other'} version has come since: ${ENDED[again]}`
}

const ENDED: Record<Again, string> = {
  succeeded: 'a run on the same has ended well',
  cancelled: 'the last run on the same was cancelled',
  rejected: 'the last run on the same was denied',
  expired: 'nobody answered about the last run on the same',
  refused: 'its own run was refused, and nobody knows who asked for it',
}

/** `8 GPUs of the 8 of one node`, `4 nodes with all 8 GPUs of each, which begin together or not at all`, or a node of a stage that needs no GPU. */
export const ofNodesText = (stage: StagePolicy, pool: PoolPolicy | undefined): string => {
  const { gpusPerNode = 0 } = pool ?? {}
  const nodes = nodesOfStage(stage)
  if (stage.gpus === 0) return 'one node to itself, and no GPU'
  return nodes === 1
    ? `${amountText(stage.gpus, pool)} of the ${gpusPerNode} of one node`
    : `${nodes} nodes with all ${counted(stage.gpus, 'GPU')} of each, which begin together or not at all`
}
