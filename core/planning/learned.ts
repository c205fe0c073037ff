import type { TrainDesired } from '../desired.ts'
import { digestOf } from '../digest.ts'
import { podSpecOf } from '../kube.ts'
import { timeOf } from '../money/cost.ts'
import { cents } from '../money/prices.ts'
import type { LaunchJobStep, Range, Step } from '../plan.ts'
import type { NodesOf } from '../plan-nodes.ts'
import { own } from '../record.ts'
import type { PastRow } from '../rows.ts'
import type { Learned, Took } from './took.ts'

/** Runs of a lane that are looked at, the newest: those that failed are among them. */
export const LOOKED_AT = 12
/** Of these so many count at most; and fewer than so many teach nothing. */
const [COUNTED, ENOUGH] = [5, 3]
/** How often its input goes into that of a run that counts, and the other way round, at most. */
const AS_LARGE = 2
const HOUR = 3_600_000

/**
 * What is learned of past runs of a lane, the newest first, for what is wanted now. A run of a stage counts which ended well, in a run in which no gate failed, in one go: no
 * attempt before it at the same had begun it, from whose checkpoints it would go on, and no rung had suspended it. Its input was neither twice as
 * large nor half: nobody knows how a program's time grows with it, so nothing is scaled.
 */
export const learnedFrom = (rows: readonly PastRow[], { bytes }: Pick<TrainDesired, 'bytes'>): Learned => {
  const oldest = rows.length < LOOKED_AT ? undefined : rows.at(-1)?.run
  // Of what attempts before its first one here have begun nobody has looked.
  const isCut = ({ generation }: PastRow['run']): boolean => generation === oldest?.generation && oldest.attempt > 1
  const counts = rows.filter((row) => !isCut(row.run) && isLike(bytes, inputOf(row)))
  const samples = counts.flatMap((row) => samplesOf(row, rows))
  const each = [...Map.groupBy(samples, ({ making }) => making)].flatMap(([making, some]): [string, Took][] => {
    const hours = some.slice(0, COUNTED).map((one) => one.hours)
    return hours.length < ENOUGH ? [] : [[making, tookOf(hours)]]
  })
  return Object.fromEntries(each.sort(([a], [b]) => (a < b ? -1 : 1)))
}

const tookOf = (hours: readonly number[]): Took => ({
  hours: Math.max(0.01, cents(medianOf(hours))),
  most: Math.max(0.01, cents(Math.max(...hours))),
  of: hours.length,
})

const medianOf = (all: readonly number[]): number => {
  const [sorted, half] = [all.toSorted((a, b) => a - b), (all.length - 1) / 2]
  return ((sorted[Math.floor(half)] ?? 0) + (sorted[Math.ceil(half)] ?? 0)) / 2
}

const inputOf = ({ run }: PastRow): number => (run.desired as Partial<TrainDesired>).bytes ?? 0

const isLike = (one: number, other: number): boolean => one <= AS_LARGE * other && other <= AS_LARGE * one

const samplesOf = (row: PastRow, rows: readonly PastRow[]): { making: string; hours: number }[] => {
  const { plan, run, endedAt } = row
  const isJudgedBad = run.steps.some(({ kind, state }) => kind === 'check-gate' && state === 'failed')
  if (plan === null || isJudgedBad) return []
  return plan.steps.flatMap((step) => {
    const mark = run.steps.find(({ name, way }) => name === step.name && way === 'forth')
    const nodes = step.kind === 'launch-job' ? own(plan.bounds.nodes ?? {}, step.pool ?? '') : undefined
    if (step.kind !== 'launch-job' || nodes === undefined || mark?.state !== 'done' || mark.by === null) return []
    const hours = timeOf(mark, endedAt) / HOUR
    const isWhole = hours > 0 && mark.letGo === undefined && !rows.some((other) => hadBegun(other, row, step.name))
    return isWhole ? [{ making: makingOf(step, nodes), hours }] : []
  })
}

/** Whether an attempt before that one at the same had begun a stage. */
const hadBegun = ({ run }: PastRow, { run: { generation, attempt } }: PastRow, stage: string): boolean =>
  run.generation === generation &&
  run.attempt < attempt &&
  run.steps.some(({ name, way, by }) => name === stage && way === 'forth' && by !== null)

/** Variables that say which dataset or version it runs on: another one of the same size takes as long. */
const OF_INPUT: ReadonlySet<string> = new Set([
  'INPUT_URI',
  'INPUT_MANIFEST',
  'INPUT_SHA256',
  'INPUT_MODEL_VERSION',
  'INPUT_MODEL_URI',
  'INPUT_MODEL_PIN',
])

/**
 * What says how long a stage takes: its program with all that it is told but of its input, its GPUs and nodes, and their machines and how these are bought.
 * Another build of its image is the same program: a digest changes with each.
 */
export const makingOf = ({ name, job, pool, gpus }: LaunchJobStep, nodes: NodesOf): string => {
  const containers = (podSpecOf(job)?.containers ?? []).map(
    ({ name: called, image = '', command, args, env = [] }) => ({
      called,
      image: image.split('@')[0]?.replace(/:[^/:]*$/, ''),
      command: command ?? null,
      args: args ?? null,
      env: env.filter((one) => !OF_INPUT.has(one.name)),
    }),
  )
  return digestOf({ name, pool, gpus, pods: job.spec?.completions ?? 1, nodes, containers }).slice(0, 16)
}

/** Hours of a stage as a rule by what was learned, and never more than the policy has at most: that is what is held and bound. */
export const usualOf = (hours: Range, took: Took | undefined): Range =>
  took === undefined ? hours : { ...hours, p50: Math.min(took.hours, hours.p95) }

/** What of that is known of a stage; undefined: nothing. */
export const tookBy = (learned: Learned | undefined, step: Step | undefined, nodes: NodesOf): Took | undefined =>
  learned === undefined || step?.kind !== 'launch-job'
    ? undefined
    : own(learned as Record<string, Took>, makingOf(step, nodes))
