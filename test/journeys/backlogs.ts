import assert from 'node:assert/strict'
import { emptyDocument, type LaneDocument, SCHEMA } from '../../core/lane/document.ts'
import { everyLane } from '../../flows/lanes.ts'
import { SERVED } from '../../flows/waking.ts'
import type { Check } from '../../scripts/lane.ts'
import { type Backlog, laneOf, openBacklog, type Woken } from './backlog.ts'

/** Backlogs of many lanes, as outages leave them: what is promised of each, and how long it took. */

const [MINUTE, SECOND] = [60_000, 1_000]
/** A cancel among them is answered within this. Milliseconds. */
const HEARD = 30 * SECOND
/** Far sides are asked at moments that are so far apart, but for the first few. Milliseconds. */
const APART = 30 * SECOND

interface Play {
  backlog: Backlog
  lanes: number
  check: Check
  say: (line: string) => void
}

const pass = ({ clock, until }: Backlog, ms: number): Promise<void> => {
  const end = clock.now() + ms
  return until('time goes by', () => clock.now() >= end, ms / MINUTE + 1)
}

const uploads = async (backlog: Backlog, lanes: number): Promise<void> => {
  for (let n = 0; n < lanes; n++) {
    await backlog.upload(n)
    // Five a second: no two seconds have the same times.
    if (n % 5 === 4) await pass(backlog, SECOND)
  }
}

const documents = async ({ ports }: Backlog): Promise<LaneDocument[]> => everyLane(ports.ledger)

const lanesOf = (wakes: readonly Woken[]): Woken[] => wakes.filter(({ group }) => !group.startsWith('out/'))

/** Most lanes that were woken within any minute. */
const mostInMinute = (wakes: readonly Woken[]): number => {
  let [most, from] = [0, 0]
  const times = lanesOf(wakes).map(({ at }) => at)
  for (const [n, at] of times.entries()) {
    while ((times[from] ?? 0) <= at - MINUTE) from++
    most = Math.max(most, n - from + 1)
  }
  return most
}

/** Cancels lanes far behind while the others are served, each when many were woken just before; answers the longest wait. */
const cancels = async (backlog: Backlog, order: readonly string[]): Promise<{ longest: number; lanes: string[] }> => {
  const lanes: string[] = []
  let longest = 0
  // Of few lanes, only so many bursts come.
  for (const share of [0.999, 0.75, 0.5].slice(0, Math.max(1, Math.floor(order.length / SERVED)))) {
    await backlog.until('many are woken', () => backlog.waiting() > SERVED / 2, 10)
    const lane = order[Math.floor(order.length * share)] ?? ''
    const { after, became } = await backlog.cancel(lane)
    assert.equal(became, 'recorded', `${lane} was not cancelled`)
    longest = Math.max(longest, after)
    lanes.push(lane)
  }
  return { longest, lanes }
}

interface Given {
  what: string
  /** Who waits, and since when. */
  since: ReadonlyMap<string, number>
  isLeft: (doc: LaneDocument | undefined) => boolean
  /** Who wakes them, by the ids of wakes. */
  by: RegExp
}

/** From the moment on at which the queue took the first wake until nobody is left. */
const served = async (play: Play, { what, since, isLeft, by }: Given): Promise<void> => {
  const { backlog, lanes, check, say } = play
  await backlog.until('somebody is woken', () => lanesOf(backlog.wakes).length > 1, 10)
  const began = backlog.clock.now()
  const order = [...since.keys()]
  // It also comes in between, and finds everything that the others find.
  await backlog.resync()
  const cancelled = await cancels(backlog, order)
  const isWoken = (): boolean => new Set(lanesOf(backlog.wakes).map(({ group }) => group)).size >= lanes
  const left = async (): Promise<number> => {
    const docs = new Map((await documents(backlog)).map((doc) => [doc.lane, doc]))
    return order.filter((lane) => !cancelled.lanes.includes(lane) && isLeft(docs.get(lane))).length
  }
  await backlog.until('all are served', async () => backlog.waiting() === 0 && isWoken() && (await left()) === 0, lanes)
  const minutes = (backlog.clock.now() - began) / MINUTE
  const [woken, most] = [lanesOf(backlog.wakes), mostInMinute(backlog.wakes)]
  say(`  ${what}: ${lanes} lanes served in ${minutes.toFixed(1)} minutes, at most ${most} woken in a minute`)
  say(`  ${woken.length} wakes; the longest of ${cancelled.lanes.length} cancels: ${cancelled.longest / SECOND} s`)
  await check(`${what}: they are woken oldest first, and a person’s word out of turn`, () => {
    // Who comes first may be the one that asks whether a far side answers again.
    const [, ...first] = [...new Set(woken.map(({ group }) => group))]
    const turn = first.filter((lane) => !cancelled.lanes.includes(lane))
    const times = turn.map((lane) => since.get(lane) ?? Number.POSITIVE_INFINITY)
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    )
  })
  await check(`${what}: a cancel among them has its effect within ${HEARD / SECOND} s`, async () => {
    assert.ok(cancelled.longest <= HEARD, `it took ${cancelled.longest / SECOND} s`)
    const docs = await documents(backlog)
    for (const { lane, run, outcome } of docs)
      if (cancelled.lanes.includes(lane)) assert.ok(outcome?.kind === 'cancelled' || run?.cancelled !== null, lane)
  })
  await check(`${what}: no more are woken than a minute serves, and hardly anybody twice`, () => {
    // What a tick wakes, and at once or by a person.
    assert.ok(most <= SERVED * 1.2, `${most} in a minute`)
    const times = woken.filter(({ id }) => by.test(id)).length
    assert.ok(times <= lanes * 1.1 + SERVED / 2, `${times} wakes of ${lanes} lanes`)
    assert.ok(minutes <= lanes / SERVED + 3, `${minutes} minutes`)
  })
}

const isWaiting = (doc: LaneDocument | undefined): boolean => doc?.run?.phase !== 'steps' && doc?.outcome == null

/** The cluster is away while lanes come that need it, for longer than any pause; then it answers. */
const clusterAway = async (play: Play): Promise<void> => {
  const { backlog, lanes, check, say } = play
  const began = backlog.clock.now()
  backlog.away.add('cluster')
  await uploads(backlog, lanes)
  await backlog.until('all have looked', () => backlog.waiting() === 0, 10)
  await pass(backlog, 15 * MINUTE)
  const due = await backlog.ports.ledger.due(Number.MAX_SAFE_INTEGER, { side: 'cluster', limit: lanes + 1 })
  await check(`the cluster is away: ${lanes} lanes wait for it, and one at a time asks it`, () => {
    const lasted = backlog.clock.now() - began
    const moments = new Set(backlog.asked).size
    say(`  away for ${(lasted / MINUTE).toFixed(0)} minutes: it was asked at ${moments} moments`)
    assert.equal(due.length, lanes)
    assert.ok(moments <= lasted / APART + 10, `asked at ${moments} moments`)
  })
  backlog.wakes.length = 0
  backlog.away.delete('cluster')
  const since = new Map(due.map(({ group, at }) => [group, at]))
  await served(play, { what: 'the cluster was away', since, isLeft: isWaiting, by: /^tick/ })
}

/** Every wake is lost while lanes get their letters, and then the ledger is away too. */
const wakesLost = async (play: Play): Promise<void> => {
  const { backlog, lanes } = play
  backlog.away.add('queue')
  await uploads(backlog, lanes)
  backlog.away.add('ledger')
  await pass(backlog, 10 * MINUTE)
  backlog.away.clear()
  const since = new Map(Array.from({ length: lanes }, (_, n) => [laneOf(n), n]))
  await served(play, { what: 'wakes were lost', since, isLeft: isWaiting, by: /^tick/ })
}

/** The same behind so many lanes that a newer release has written: none of them can be served by this one. */
const NEWER = 1_000
const behindNewer = async (play: Play): Promise<void> => {
  const { ledger, clock, policies } = play.backlog.ports
  const policy = await policies.load()
  const at = clock.now() - MINUTE
  for (let n = 0; n < NEWER; n++) {
    const lane = `pipeline/newer-${n}`
    const value = { ...emptyDocument(policy, lane), schema: SCHEMA + 1, due: at }
    await ledger.commit([
      { put: 'lane', id: lane, revision: 0, value },
      { due: { group: lane, by: 'lane' }, at, was: null, side: null },
    ])
  }
  const before = await ledger.due(at, { limit: 2 * NEWER })
  await wakesLost(play)
  await play.check('what the newer release has left is due as it was', async () => {
    assert.deepEqual(await ledger.due(at, { limit: 2 * NEWER }), before)
  })
}

/** Every wake is lost while all of their Jobs end: watches find it, one after the other. */
const endsUnheard = async (play: Play): Promise<void> => {
  const { backlog, lanes } = play
  await uploads(backlog, lanes)
  await backlog.until('all are woken', () => backlog.waiting() === 0, 60)
  await pass(backlog, MINUTE)
  backlog.away.add('queue')
  backlog.ended.stage = 'train'
  await pass(backlog, 5 * MINUTE)
  const atWork = await documents(backlog)
  const since = new Map(atWork.map(({ lane, writtenAt }) => [lane, writtenAt]))
  backlog.wakes.length = 0
  backlog.away.clear()
  const isLeft = (doc: LaneDocument | undefined): boolean => doc?.run?.steps[0]?.state === 'running'
  await served(play, { what: 'Jobs ended unheard', since, isLeft, by: /^(began|resync)/ })
}

/** Each way in which many are left behind. */
export const backlogs = { clusterAway, wakesLost, behindNewer, endsUnheard }

export const playBacklog = async (name: keyof typeof backlogs, given: Omit<Play, 'backlog'>): Promise<void> => {
  const backlog = await openBacklog(given.lanes)
  try {
    await backlogs[name]({ ...given, backlog })
  } finally {
    await backlog.close()
  }
}
