import * as z from 'zod/mini'
import { DEFAULT } from '../chosen.ts'
import { countOrNone, hours, name } from './fields.ts'
import { type Ending, endWrongs } from './ours.ts'

/** Most alternatives of one pipeline. */
const MOST = 6

/** What an alternative says of one stage; the rest is as the stage itself says. */
const other = z
  .strictObject({
    /** Another pool that it may run on. */
    pool: z.optional(name),
    /** Other GPUs of its one pod; 0 on a pool without GPUs. With `hours`, since it takes longer or shorter then. */
    gpus: z.optional(countOrNone),
    /** How long it takes so, hours; left out: as long as the stage says. */
    hours: z.optional(hours),
  })
  .check(
    z.refine(
      ({ pool, gpus }) => pool !== undefined || gpus !== undefined,
      'say another `pool`, or other `gpus` with their `hours`: else it is the stage as it stands',
    ),
    z.refine(({ gpus, hours: takes }) => gpus === undefined || takes !== undefined, {
      path: ['hours'],
      message: 'is missing: with other `gpus` a stage takes another time, which nobody but you knows',
    }),
  )

/** Another way in which a run may be made: people who are asked choose between it and what the stages say. */
const alternative = z.strictObject({
  /** What is otherwise, by the name of the stage. */
  stages: z.record(z.string(), other).check(z.refine((all) => Object.keys(all).length > 0, 'name at least one stage')),
  /** Whether it may also be chosen while a pool of it is too low, and then begins when `hours` of that make it high enough. Left out: it is offered only while its pools could take it. */
  whenOpens: z.optional(z.literal(true, 'write `true`, or leave it out')),
  /** Whether it may also be chosen while this month’s budget has no room for it, or a rung of its ladder caps a pool of it, and then begins when the month turns. Left out: it is offered only while the budget could take it. */
  whenTurns: z.optional(z.literal(true, 'write `true`, or leave it out')),
})

/** The alternatives of a pipeline by name. */
export const alternatives = z.record(name, alternative).check(
  z.refine((all) => Object.keys(all).length <= MOST, `write at most ${MOST}: a card shows the two best of them`),
  z.refine((all) => !Object.hasOwn(all, DEFAULT), `\`${DEFAULT}\` is what the stages say: call it otherwise`),
)

type Alternatives = z.output<typeof alternatives>

/** A stage, as far as alternatives are about it. */
interface Stage extends Ending {
  pool: string
  gpus: number
  hours: { p50: number; p95: number }
}

/** The stages as an alternative has them; `nameOf` says which is which. */
export const stagesAs = <S extends Stage>(
  stages: readonly S[],
  { stages: others }: Pick<Alternatives[string], 'stages'>,
  nameOf: (stage: S) => string,
): S[] =>
  stages.map((stage) => {
    const key = nameOf(stage)
    const {
      pool = stage.pool,
      gpus = stage.gpus,
      hours: takes = stage.hours,
    } = Object.hasOwn(others, key) ? (others[key] ?? {}) : {}
    return { ...stage, pool, gpus, hours: takes }
  })

/** One thing that is wrong with an alternative: where, and what to write there. */
interface Wrong {
  path: string[]
  message: string
}

/** Alternatives to stages that there are not, or that say what the stage says already. */
export const alternativeWrongs = <S extends Stage>(
  { alternatives: all = {}, stages }: { alternatives?: Alternatives | undefined; stages: readonly S[] },
  nameOf: (stage: S) => string,
): Wrong[] =>
  Object.entries(all).flatMap(([key, { stages: others }]) =>
    Object.entries(others).flatMap(([of, said]): Wrong[] => {
      const path = ['alternatives', key, 'stages', of]
      const stage = stages.find((one) => nameOf(one) === of)
      if (stage === undefined)
        return [{ path, message: `there is no stage \`${of}\`: it is one of ${stages.map(nameOf).join(', ')}` }]
      const { pool, gpus } = said
      // What says neither is told so already.
      if (pool === undefined && gpus === undefined) return []
      const isSame = (pool ?? stage.pool) === stage.pool && (gpus ?? stage.gpus) === stage.gpus
      if (isSame) return [{ path, message: 'the stage itself says that pool and as many GPUs: say others' }]
      return endWrongs(stage, said.hours ?? stage.hours).map(({ path: at, message }) => ({
        path: [...path, 'hours'],
        message: `${of}.${at.join('.')}: ${message}`,
      }))
    }),
  )

/** Pools that a pipeline may run on: those of its stages, and of the alternatives to them. */
export const poolsOfPipeline = ({
  stages,
  alternatives: all = {},
}: {
  stages: readonly { pool: string }[]
  alternatives?: Alternatives | undefined
}): Set<string> =>
  new Set([
    ...stages.map(({ pool }) => pool),
    ...Object.values(all).flatMap((one) => Object.values(one.stages).flatMap(({ pool }) => pool ?? [])),
  ])
