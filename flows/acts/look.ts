import { asksItself } from '../../core/lane/act.ts'
import { whereOf } from '../../core/lane/answering.ts'
import { seesStanding } from '../../core/lane/falling.ts'
import { needsPaper } from '../../core/lane/fold.ts'
import { looksForNewer } from '../../core/lane/giving-way.ts'
import { needsKept } from '../../core/lane/kept.ts'
import { type LookLetter, looksOfPeople } from '../../core/lane/letters.ts'
import type { Seen } from '../../core/lane/planning.ts'
import { lookForRetry, placeForRetry } from '../../core/lane/retrying.ts'
import type { Trouble, View } from '../../core/lane/view.ts'
import { reactionTo } from '../../core/reactions/catalogue.ts'
import type { Facts, Look, Unreadable } from '../../core/reactions/reaction.ts'
import { type AskedOnce, askedOnce } from '../asked-once.ts'
import { lookAt } from '../look.ts'
import { Unavailable, type WorkPorts } from '../ports.ts'
import { troubleOf } from '../sides.ts'
import { type Ahead, lookAhead, seeAhead } from './ahead.ts'
import { keptOf } from './kept.ts'
import type { Performed } from './performed.ts'

/**
 * Asks every place that due letters point at, side by side, and looks at the world where the answer may depend on it. A place
 * that does not answer is a fact of its own: the others count, and so does what people say.
 */
export const look = async (ports: WorkPorts, view: View, ahead: Ahead): Promise<Performed> => {
  lookAhead(ports, view, ahead)
  const due = view.letters.filter((letter): letter is LookLetter => letter.kind === 'look')
  const letters = [...due, ...looksOfPeople(view.letters)]
  const places = new Map(letters.map((letter) => [whereOf(view, letter), letter]))
  const once = askedOnce()
  const asking = Promise.all(
    [...places].map(async ([at, letter]) => [at, await factsOf(ports, { ...view, once }, letter)] as const),
  )
  const [told, retried, world, before] = await Promise.all([
    asking,
    retriedOf(ports, view),
    worldOf(view, ahead),
    keptFor(ports, view),
  ])
  const trouble = world.trouble ?? before.trouble
  const facts = [...told, ...retried].map(([at, said]): [string, Facts] => [
    at,
    trouble === null ? said : unreadable(trouble),
  ])
  return {
    result: { kind: 'looked', facts: Object.fromEntries(facts), kept: before.kept },
    seen: { world: world.seen },
  }
}

/** What a retry would begin from, as it is there now. */
const retriedOf = async (ports: WorkPorts, view: View): Promise<[string, Facts][]> => {
  const letter = lookForRetry(view)
  return letter === null ? [] : [[placeForRetry(view, letter), await factsOf(ports, view, letter, true)]]
}

/** What its attempts have finished, where what was refused is reckoned anew. */
const keptFor = async (ports: WorkPorts, { doc }: View): Promise<Seen & { trouble: Trouble | null }> => {
  if (!needsKept(doc)) return { kept: {}, trouble: null }
  try {
    return { kept: await keptOf(ports, doc), trouble: null }
  } catch (error) {
    return { kept: {}, trouble: passing(error) }
  }
}

/**
 * The world, where what was wanted before must be compared with it; and where it only tells what is held for what stands, or
 * whether something newer may begin, if it can be seen: no other letter waits for that.
 */
const worldOf = async (view: View, { world }: Ahead): Promise<{ seen: View['world']; trouble: Trouble | null }> => {
  if (!needsPaper(view)) {
    const standing = seesStanding(view) || looksForNewer(view) ? await world?.catch(() => null) : null
    return { seen: standing ?? view.world, trouble: null }
  }
  try {
    return { seen: await world, trouble: null }
  } catch (error) {
    return { seen: null, trouble: passing(error) }
  }
}

/** The far sides behind a look. */
const sidesOf = ({ kind }: Look): readonly string[] => SIDES_OF[kind]
const SIDES_OF: Record<Look['kind'], readonly string[]> = {
  manifest: ['objects'],
  report: ['objects'],
  alert: ['metrics', 'objects'],
  promotion: ['registry'],
  version: ['registry'],
  nowhere: [],
}

/** Where a letter points; where no rule is about that any more, or another lane's is, there is nothing to ask. */
const placeOf = ({ policy, doc, reactions }: View, { event }: LookLetter, again?: true): Look => {
  const reaction = reactionTo(reactions, event)
  const rule = reaction?.ruleOf(event, policy) ?? null
  if (reaction === undefined || rule === null || rule.lane !== doc.lane) return { kind: 'nowhere' }
  return reaction.look(event, { policy, rule, doc, ...(again && { again }) })
}

/** Asks the source again, beside the look at the world that the hold after it rests on. Whether it may begin waits for both. */
export const lookAgain = async (
  ports: WorkPorts,
  view: View,
  { letter, ahead }: { letter: LookLetter; ahead: Ahead },
): Promise<Performed> => {
  if (view.doc.run?.phase === 'planned') seeAhead(ports, view, ahead)
  const where = placeOf(view, letter, true)
  try {
    const facts = { [whereOf(view, letter)]: await lookAt(ports, where, view) }
    return { result: { kind: 'looked', facts, kept: {} }, seen: {} }
  } catch (error) {
    return { result: { kind: 'trouble', trouble: passing(error, sidesOf(where)[0]) }, seen: {} }
  }
}

const factsOf = async (
  ...[ports, view, letter, again]: [WorkPorts, View & { once?: AskedOnce }, LookLetter, true?]
): Promise<Facts> => {
  const { doc } = view
  const { waits } = letter
  const where = placeOf(view, letter, again)
  const sides = sidesOf(where)
  const side = sides.find((one) => one === waits?.side)
  const away = side === undefined ? undefined : view.sides[side]
  // It did not answer this letter: another lane asks whether it answers again.
  if (away !== undefined && !asksItself(away, doc.lane, view.now)) return unreadable(away)
  try {
    return await lookAt(ports, where, view)
  } catch (error) {
    return unreadable(passing(error, sides[0]))
  }
}

const unreadable = ({
  side,
  said,
  ...rest
}: Pick<Trouble, 'side' | 'said'> & { kind?: Trouble['kind']; retryAfter?: number }): Unreadable => ({
  kind: 'unreadable',
  side,
  detail: said,
  retryAfter: rest.retryAfter ?? 0,
  ...(rest.kind === 'bug' ? { bug: true } : {}),
})

/**
 * Whatever a source does, it says nothing of what is there, also when it breaks off in the middle of a stream or when our own
 * code cannot read it: other places, people and the run do not wait for that. The ledger's absence goes on as it is.
 */
const passing = (error: unknown, side: string | null = null): Trouble => {
  const trouble = troubleOf(error)
  if (trouble === null && error instanceof Unavailable && side !== null)
    return { kind: 'unavailable', side, said: error.message, retryAfter: error.retryAfter }
  if (trouble === null) throw error
  return trouble
}
