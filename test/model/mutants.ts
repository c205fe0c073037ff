import { CORE, config, GUARDS } from './configurations.ts'
import { mutated } from './mutated.ts'
import type { Config, Core, Guards } from './state.ts'

/** A guard that is taken away: the exploration must find what it guards against. */
export interface Mutant {
  /** The guard that is gone. */
  name: string
  /** In the sources of core/lane: what stands there, once, and what in its place. */
  text?: readonly [from: string, to: string]
  /** Of the loop, the ledger or the far sides. */
  guards?: Partial<Guards>
  /** The smallest world in which it shows. */
  config: Config
  /** Shown by a lane that never comes to rest, in place of a state that may not be. */
  shows?: 'stuck'
  /** For the slow lane. */
  slow?: true
}

const smallest = (given: Omit<Partial<Config>, 'most' | 'name'>, most: [faults: number, doings: number]): Config =>
  config({ name: 'smallest', ...given, most: { faults: most[0], doings: most[1] } })

const HELD = "return held ?? awaySide(view, 'cluster') ?? { kind: 'clear' }"

export const mutants: readonly Mutant[] = [
  {
    name: 'only who marked a step touches it',
    text: ["if (mark.by === view.me) return { kind: 'begin'", "if (mark.by !== null) return { kind: 'begin'"],
    config: smallest({ faults: ['overlap'] }, [1, 0]),
  },
  {
    name: 'another takes a step over only T after its mark',
    text: ['if (mark.by === view.me || view.now >= free) return null', 'if (free > 0) return null'],
    config: smallest({ faults: ['overlap'] }, [1, 0]),
  },
  {
    name: 'nothing is concluded from an absence before T',
    text: [HELD, HELD.replace('held ?? ', '')],
    config: smallest({ faults: ['overlap'], doings: ['cancel'] }, [1, 1]),
    slow: true,
  },
  {
    name: 'what is about to be touched is committed first',
    guards: { writesFirst: false },
    config: smallest({}, [0, 0]),
  },
  {
    name: 'a commit counts on the revision that was read',
    guards: { compares: false },
    config: smallest({ faults: ['overlap'] }, [1, 0]),
  },
  {
    name: 'who lost a commit is somebody new',
    guards: { renames: false },
    config: smallest({ faults: ['overlap', 'late'] }, [2, 0]),
    slow: true,
  },
  {
    name: 'a plan that is not the document’s is read again',
    guards: { wholeReads: false },
    config: smallest({ faults: ['torn', 'overlap'] }, [2, 0]),
  },
  {
    name: 'a lane that is at something is looked at again though everybody dies',
    guards: { follows: false },
    config: smallest({ faults: ['death'] }, [1, 0]),
    shows: 'stuck',
  },
  {
    name: 'what has begun nothing is superseded at once',
    text: ['? hasBegun(run) || carriesOver(run) :', '? true :'],
    config: smallest({ onNewer: 'finish', doings: ['room', 'newer'] }, [0, 2]),
    slow: true,
  },
  {
    name: 'what carries over what was paid for finishes first',
    text: ['? hasBegun(run) || carriesOver(run) :', '? hasBegun(run) :'],
    config: smallest(
      { steps: 'judged', onNewer: 'finish', retries: 1, doings: ['newer', 'lost-node', 'room'] },
      [0, 3],
    ),
    slow: true,
  },
  {
    name: 'and its repeat comes before what is newer',
    text: ["onNewer === 'finish' && isDue(before)", "onNewer === 'finish' && false"],
    config: smallest({ steps: 'judged', onNewer: 'finish', retries: 1, doings: ['newer', 'lost-node'] }, [0, 2]),
    slow: true,
  },
  {
    name: 'what runs is seen gone before a run is over',
    text: ['if (!run.cleared) {', 'if (run.cleared) {'],
    config: smallest({ doings: ['cancel'] }, [0, 1]),
    slow: true,
  },
  {
    name: 'a name that is taken is success only for the same content',
    guards: { sameContent: false },
    config: smallest({ doings: ['taken-name', 'cancel'] }, [0, 2]),
  },
  {
    name: 'what a run held goes back when it closes',
    guards: { givesBack: false },
    config: smallest({}, [0, 0]),
  },
  {
    name: 'a sum does not grow above its bound',
    guards: { bounds: false },
    config: smallest({ doings: ['room'] }, [0, 1]),
  },
  {
    name: 'a gate that fails invalidates what it judged',
    text: ['kept: kept.filter(({ step }) => !steps.includes(step)),', 'kept,'],
    config: smallest({ steps: 'judged', doings: ['poor', 'retry'] }, [0, 2]),
  },
  {
    name: 'what was paid for is carried over',
    text: ['stays ? done[step.name] : undefined', 'stays ? undefined : undefined'],
    config: smallest({ steps: 'judged', retries: 1, doings: ['lost-node'] }, [0, 1]),
  },
  {
    name: 'what was made from something else is made anew',
    text: [' && step.reads.every((name) => carried.has(name))', ''],
    config: smallest({ steps: 'judged', faults: ['refused'], doings: ['cleaned', 'retry'] }, [1, 2]),
    slow: true,
  },
  {
    name: 'a question ends only when every vote in time was read',
    text: ['number => until + ANSWER_GRACE', 'number => until'],
    config: smallest({ asks: true, doings: ['slow-yes'] }, [0, 1]),
  },
  {
    name: 'a question has an end',
    text: ['question.until - REMINDER : endOf(question)', 'question.until - REMINDER : null'],
    config: smallest({ asks: true }, [0, 0]),
  },
  {
    name: 'nothing new begins while it is frozen',
    text: ['if (last.until <= view.now) return null', 'if (last.until >= 0) return null'],
    config: smallest({ doings: ['freeze'] }, [0, 1]),
  },
  {
    name: 'a freeze of a pool holds back whoever holds of it',
    text: ['view.frozenPools[pool] ?? 0', 'view.frozenPools[pool] === 0 ? 1 : 0'],
    config: smallest({ doings: ['pool-freeze'] }, [0, 1]),
  },
  {
    name: 'what needs an approval has one',
    text: ["if (!plan.approval.required) return 'yes'", "if (plan !== null) return 'yes'"],
    config: smallest({ asks: true }, [0, 0]),
  },
  {
    name: 'an approval binds one digest',
    text: ['(digest === plan.digest || digest === plan.partOf) && within(plan, bounds)', 'within(plan, bounds)'],
    config: smallest({ asks: true, doings: ['yes', 'changed'] }, [0, 2]),
  },
  {
    name: 'a vote counts on the question that it names',
    text: ['!isButtonOf(question, letter.question)', 'question.id === null'],
    config: smallest({ asks: true, doings: ['old-yes'] }, [0, 1]),
  },
  {
    name: 'nothing begins after its time',
    text: ['!mayBegin(view, plan) && view.now > plan.bounds.until', '!mayBegin(view, plan) && view.now < 0'],
    config: smallest({ asks: true, doings: ['yes', 'long-freeze'] }, [0, 2]),
    slow: true,
  },
  {
    name: 'a cancel that was acknowledged takes effect',
    text: ['if (run.cancelled !== null) return', 'if (run.cancelled === 0) return'],
    config: smallest({ doings: ['cancel'] }, [0, 1]),
  },
  {
    name: 'a cancel that comes too late is told so',
    text: ['if (run.ending !== null) return cancelEnding(', 'if (run.ending === 0) return cancelEnding('],
    config: smallest({ faults: ['death'], doings: ['bad', 'cancel'] }, [1, 2]),
    slow: true,
  },
  {
    name: 'a command reaches what its writer saw',
    text: ['saw === null || sameRun(now, saw)', 'saw === null || saw !== null'],
    config: smallest({ onNewer: 'stop', doings: ['retry', 'cancel'] }, [0, 2]),
    slow: true,
  },
  {
    name: 'attempts have a budget',
    text: ['attemptsLeft > 0', 'attemptsLeft >= 0'],
    config: smallest({ doings: ['lost-node'] }, [0, 1]),
  },
  {
    name: 'what nobody judged goes back when what was to replace it does not begin',
    text: ['return halfway && run.ending === null', 'return halfway && run.ending !== null'],
    config: smallest({ kind: 'standing', asks: 'later', doings: ['newer', 'no'] }, [0, 2]),
  },
  {
    name: 'and when that is cancelled before the one before it has ended',
    text: ['run.generation !== doc.generation && doc.outcome === null', 'run.generation !== doc.generation'],
    config: smallest({ kind: 'standing', asks: 'later', doings: ['newer', 'cancel-wanted'] }, [0, 2]),
    slow: true,
  },
  {
    name: 'the plan of what stands halfway is kept for the way back',
    text: ['...(after.halfway === true ? {} : { plan: null }),', 'plan: null,'],
    config: smallest({ kind: 'standing', asks: 'later', doings: ['newer', 'refuses'] }, [0, 2]),
    slow: true,
  },
  {
    name: 'where nothing served before, all of it goes back',
    text: ['          halfway,\n', ''],
    config: smallest({ kind: 'standing', serves: false, asks: 'later', doings: ['newer', 'no'] }, [0, 2]),
    slow: true,
  },
  {
    name: 'what was paid for is kept until it is done anew',
    text: [
      'return { kept, redo: all.filter',
      'return { kept: kept.filter(({ step }) => before.has(step)), redo: all.filter',
    ],
    config: smallest({ asks: 'later', doings: ['retry-from', 'no', 'retry'] }, [0, 3]),
    slow: true,
  },
  {
    name: 'what a success has made is kept until it is done anew',
    text: ["redo: kind === 'succeeded' ? all : [] }", "redo: [], ...(kind === 'succeeded' && { kept: [] }) }"],
    config: smallest({ asks: 'later', doings: ['no', 'retry'] }, [0, 3]),
  },
  {
    name: 'patience counts from when a step was marked last',
    text: ['startedAt: again === undefined ? now : mark.startedAt', 'startedAt: mark.startedAt ?? now'],
    config: smallest({ kind: 'standing', faults: ['death'] }, [1, 0]),
  },
  {
    name: 'an older write is refused by its fence',
    text: ['fence: fenceFrom + revision + 1', 'fence: revision - revision'],
    config: smallest({ kind: 'standing', faults: ['overrun'] }, [1, 0]),
  },
  {
    name: 'the cluster compares fences',
    guards: { fences: false },
    config: smallest({ kind: 'standing', faults: ['overrun'] }, [1, 0]),
  },
  {
    name: 'what was looked at again has until then to begin',
    text: ["run.phase === 'steps' && isLate(", "run.phase === 'back' && isLate("],
    config: smallest({ faults: ['lag'], doings: ['room'] }, [1, 1]),
  },
  {
    name: 'another attempt begins where its source was read',
    text: ['kind.placedAs?.(desired as never, intent.desired as never) ?? desired', 'desired'],
    config: smallest({ asks: true, doings: ['moved'] }, [0, 1]),
  },
  {
    name: 'what is gone leaves its lane to what came before it',
    text: ['order: doc.doneWith?.order ?? null }', 'order: doc.order }'],
    config: smallest({ asks: true, doings: ['other-place', 'removed'] }, [0, 2]),
    shows: 'stuck',
  },
  {
    name: 'what is ready goes only for what is',
    guards: { looks: false },
    config: smallest({ kind: 'standing', doings: ['scaled', 'newer'] }, [0, 2]),
  },
]

/** The core of a mutant: the sources with one text replaced. */
export const coreOf = async ({ name, text }: Mutant): Promise<Core> => {
  if (text === undefined) return CORE
  return mutated({ name, text }, async (load) => {
    const [{ next }, { settle }, { joined }] = [
      await load<Core>('next.mjs'),
      await load<Core>('settle.mjs'),
      await load<Core>('change.mjs'),
    ]
    return { next, settle, joined }
  })
}

export const guardsOf = ({ guards = {} }: Mutant): Guards => ({ ...GUARDS, ...guards })
