import { asksItself } from '../core/lane/act.ts'
import { DETAIL, pauseAfter } from '../core/lane/change.ts'
import type { Trouble, View } from '../core/lane/view.ts'
import type { OutRow } from '../core/rows.ts'
import { sideOfTelling, type Telling } from '../core/telling.ts'
import { said } from '../core/text.ts'
import { planFinishedEvent } from '../events/plan-finished.ts'
import { drawCard, post } from './drawing.ts'
import { sidesAway, writeSides } from './far-sides.ts'
import type { Stored, Write } from './ledger-port.ts'
import { Refused, type WorkPorts } from './ports.ts'
import { everyRow } from './rows.ts'
import { type Told, troubleOf, withSides } from './sides.ts'
import { outGroup } from './writing.ts'

/** Kept for people and collectors to look at, then removed by Kubernetes. Seconds. */
const TTL = 24 * 3600
/** Tellings of one invocation, and of one commit. */
const [PAGE, TOGETHER] = [100, 30]
/** A refused telling is tried again so often: an operator may have mended what refused it. Milliseconds. */
const REFUSED_AGAIN = 3_600_000
/** After this long nobody needs to be told any more. Milliseconds. */
const FORGOTTEN = 14 * 24 * 3_600_000

/** The lane and the far side of a group of the outbox; null when it is none. */
export const outboxOf = (group: string): { side: string; lane: string } | null => {
  const [, side, lane] = /^out\/([a-z]+)\/(.+)$/.exec(group) ?? []
  return side === undefined || lane === undefined ? null : { side, lane }
}

/**
 * Tells what a lane has to tell at one far side, in order, each at least once. It decides nothing and blocks no lane: what the
 * far side refuses for good is kept with its words for an operator (law 6). Of those that it does not answer one asks again,
 * and the others wait. Never throws for a far side; where the ledger is away the due rows stand.
 */
export const tellAll = async (
  given: WorkPorts,
  { lane, side, timeUp }: { lane: string; side: string; timeUp?: AbortSignal | undefined },
): Promise<void> => {
  const told: Told = new Map()
  const ports = withSides(given, told)
  try {
    const [rows, sides] = await Promise.all([everyRow(ports.ledger, 'out', `${lane}#`), sidesAway(ports.ledger)])
    // However many of other far sides stand before them, and without those that were refused and have their own time.
    const now = ports.clock.now()
    const mine = rows.filter(
      ({ value }) => sideOfTelling(value.telling) === side && (value.refused === null || dueAt(value) <= now),
    )
    await tellEach(ports, lane, { rows: mine, sides, timeUp })
    await writeSides(ports, { probe: outGroup(lane, side), sides }, told)
  } catch (error) {
    if (troubleOf(error) !== null) throw error
  }
}

const tellEach = async (
  ports: WorkPorts,
  lane: string,
  { rows, sides, timeUp }: { rows: Stored<'out'>[]; sides: View['sides']; timeUp: AbortSignal | undefined },
): Promise<void> => {
  const now = ports.clock.now()
  // What is too much for one time is due, and found by the tick.
  for (const [index, row] of rows.slice(0, PAGE).entries()) {
    // What is left is due: the group is woken again.
    if (timeUp?.aborted) return
    const { telling, tries } = row.value
    const [side, left] = [sideOfTelling(telling), rows.slice(index)]
    const away = sides[side]
    if (tries > 0 && away !== undefined && !asksItself(away, outGroup(lane, side), now))
      return postpone(ports, lane, { rows: left, side, until: away.until })
    const trouble = await tellOne(ports, lane, row)
    if (trouble !== null)
      return postpone(ports, lane, {
        rows: left,
        side: trouble.side,
        until: now + pauseAfter(tries + 1, trouble.retryAfter),
      })
  }
}

/** Answers how the far side that it needs is away; null: it is told, or refused for good. */
const tellOne = async (ports: WorkPorts, lane: string, row: Stored<'out'>): Promise<Away | null> => {
  const { telling, at } = row.value
  const given: Write[] = []
  try {
    await tell(ports, lane, telling)
  } catch (error) {
    const trouble = troubleOf(error)
    if (trouble === null) throw error
    if (ports.clock.now() - at <= FORGOTTEN)
      return 'retryAfter' in trouble ? trouble : refused(ports, lane, { row, words: said(trouble.said, DETAIL) })
    given.push(noteOf(ports, lane, { side: sideOfTelling(telling), text: `was never told: ${trouble.said}` }))
  }
  await ports.ledger.commit([
    { remove: 'out', id: row.id, revision: row.revision },
    { due: dueOf(lane, row), at: null, was: dueAt(row.value), side: null },
    ...given,
  ])
  return null
}

/** A line of the lane's timeline. */
const noteOf = ({ clock }: WorkPorts, lane: string, { side, text }: { side: string; text: string }): Write => ({
  moment: {
    at: clock.now(),
    lane,
    generation: null,
    attempt: null,
    kind: 'note',
    text: said(text, DETAIL),
    data: { side },
  },
})

type Away = Extract<Trouble, { retryAfter: number }>

const dueOf = (lane: string, { id, value }: Stored<'out'>) => ({
  group: outGroup(lane, sideOfTelling(value.telling)),
  by: id.slice(lane.length + 1),
})

/** When a telling is due, as its due row has it. */
const dueAt = ({ at, again }: OutRow): number => again ?? at

/** It is due again then. */
const againAt = (
  lane: string,
  row: Stored<'out'>,
  { again, ...more }: Partial<OutRow> & { again: number },
  side: string | null,
): Write[] => [
  {
    put: 'out',
    id: row.id,
    revision: row.revision,
    value: { ...row.value, ...more, tries: row.value.tries + 1, again },
  },
  { due: dueOf(lane, row), at: again, was: dueAt(row.value), side },
]

/** What a far side does not answer waits, with all that comes after it. */
const postpone = async (
  { ledger }: WorkPorts,
  lane: string,
  { rows, side, until }: { rows: Stored<'out'>[]; side: string; until: number },
): Promise<void> => {
  for (let from = 0; from < rows.length; from += TOGETHER)
    await ledger.commit(rows.slice(from, from + TOGETHER).flatMap((row) => againAt(lane, row, { again: until }, side)))
}

const refused = async (
  ports: WorkPorts,
  lane: string,
  { row, words }: { row: Stored<'out'>; words: string },
): Promise<null> => {
  const side = sideOfTelling(row.value.telling)
  const first: Write[] = [
    { count: `refused:${side}`, by: 1 },
    noteOf(ports, lane, { side, text: `could not be told: ${words}` }),
  ]
  await ports.ledger.commit([
    ...againAt(lane, row, { again: ports.clock.now() + REFUSED_AGAIN, refused: words }, null),
    ...(row.value.refused === words ? [] : first),
  ])
  return null
}

const tell = async (ports: WorkPorts, lane: string, telling: Telling): Promise<void> => {
  switch (telling.kind) {
    case 'card':
      return drawCard(ports, lane, telling)
    case 'note':
      return post(ports, await ports.policies.load(), telling)
    case 'reply':
      return ports.replies.say(telling.to, telling.text)
    case 'finished': {
      const { outcome, ...finished } = telling
      const { kind, reason, detail } = outcome
      const event = {
        ...finished,
        type: 'plan-finished' as const,
        id: telling.plan,
        lane,
        outcome: kind,
        reason,
        detail,
      }
      await ports.bus.publish([planFinishedEvent(event)])
      return
    }
    case 'expire': {
      const answer = await ports.cluster.patch(telling.ref, telling.uid, { spec: { ttlSecondsAfterFinished: TTL } })
      if (typeof answer === 'object')
        throw new Refused(`the cluster refused its TTL (${answer.status}): ${answer.message}`)
      return
    }
  }
}
