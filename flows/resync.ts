import { whereOf } from '../core/lane/answering.ts'
import { emptyDocument, type LaneDocument } from '../core/lane/document.ts'
import { seesStanding } from '../core/lane/falling.ts'
import { hasFloors, policyNow } from '../core/lane/floors.ts'
import { fold, needsPaper } from '../core/lane/fold.ts'
import { looksForNewer } from '../core/lane/giving-way.ts'
import { atRest } from '../core/lane/keeping.ts'
import type { LookLetter } from '../core/lane/letters.ts'
import { newerIn } from '../core/lane/newer.ts'
import { rightBeside } from '../core/lane/righting.ts'
import { poolRooms } from '../core/lane/room.ts'
import type { View } from '../core/lane/view.ts'
import { groupsOf } from '../core/policy/approvals.ts'
import type { Policy } from '../core/policy.ts'
import { reactionTo } from '../core/reactions/catalogue.ts'
import type { Ask, Look, Reaction } from '../core/reactions/reaction.ts'
import { type IdentityRow, SELF } from '../core/rows.ts'
import type { World } from '../core/world.ts'
import type { IntendingEvent } from '../events/contract.ts'
import { keptOnPaper, planMoving } from './acts/kept.ts'
import { readGroup } from './approvers.ts'
import { type AskedOnce, askedOnce } from './asked-once.ts'
import { mendCaches } from './caches.ts'
import { poolsAmiss } from './ceilings.ts'
import { heardAgain, sidesAway } from './far-sides.ts'
import { rungsOf } from './ladder.ts'
import { everyLane } from './lanes.ts'
import { leaveGoOn, leaveLook } from './letters.ts'
import { lookAt } from './look.ts'
import { manifestsOf } from './manifests.ts'
import { hasMoved } from './moved.ts'
import { observe, type Seen, seeAll } from './observe.ts'
import { clearOrphan, orphansIn } from './orphans.ts'
import type { WorkPorts } from './ports.ts'
import { everyRow, readRow, valuesOf } from './rows.ts'
import { givingUp, type Told, withSides } from './sides.ts'
import { holdsOtherwise } from './standing.ts'
import { paperView } from './view.ts'
import { AT_ONCE, bounded, linesOf, wake } from './waking.ts'

/** Sources that are asked side by side: a registry of thousands of models is through within a minute. */
const SIDE_BY_SIDE = 16
/** A far side that was silent so often in a row is asked no more this time: each costs the longest request. */
const SILENT = 3

/** What resync asked, and what came of it, counted. */
export interface Resynced {
  asked: number
  letters: number
  /** Lanes that nobody else would have woken. */
  woken: number
  /** Objects of ours that nobody waited for, and that were deleted. */
  orphans: number
}

interface Known {
  policy: Policy
  reactions: readonly Reaction[]
  docs: Map<string, LaneDocument>
  /** Whose ledger this is: what is ours among what the cluster runs. Null: none has been written to yet. */
  self: IdentityRow | null
  /** Rules of alerts that many lanes ask about are asked for once. */
  once: AskedOnce
  /** The cluster, listed once, when a lane needs it. */
  seen(): Promise<Seen>
}

/**
 * What the sources say, what lanes want, what the cluster runs, compared: letters and wakes come of the differences, and
 * reconciling does the rest. Where all agree nothing is written. Harmless to repeat, and harmless beside everything else. What
 * cannot be asked keeps nothing else from being asked: it rejects at the end, with the first reason.
 */
export const resync = async (given: WorkPorts, reactions: readonly Reaction[]): Promise<Resynced> => {
  const told: Told = new Map()
  // Letters that wake nobody are due, and for whom else something has moved the watch wakes too.
  const room = { left: AT_ONCE }
  const [healing, others] = [bounded(given.queue, room), bounded(given.queue, room)]
  const ports = givingUp(withSides({ ...given, queue: others.queue }, told), SILENT)
  const policy = await ports.policies.load()
  const now = ports.clock.now()
  const [sides, self] = await Promise.all([sidesAway(ports.ledger), readRow(ports.ledger, 'identity', SELF)])
  const docs = new Map((await everyLane(ports.ledger)).map((doc) => [doc.lane, doc]))
  const known = knownIn(ports, { policy, reactions, docs, self: self?.value ?? null })
  const failures: unknown[] = []
  const eachOf = sideBySide((error) => failures.push(error))
  const counted: Resynced = { asked: 0, letters: 0, woken: 0, orphans: 0 }
  await eachOf(groupsOf(policy.approvals), async (group) => void (await readGroup(ports, group)))
  await mendCaches(ports, known, eachOf)
  // First whom nobody else wakes: for letters there are due rows.
  await eachOf([...docs.values()], async (doc) => {
    if (newerIn(doc) === null && (await holdsOtherwise(ports, known, doc))) await leaveGoOn(ports, doc.lane)
  })
  const perhaps = await wakeMoved({ ...ports, queue: healing.queue }, known, { sides, eachOf })
  const asks = reactions.flatMap((reaction) =>
    reaction.resync({ policy, now, docOf: (lane) => docs.get(lane) ?? null }),
  )
  const rules = asks.filter(({ kind }) => kind === 'manifests').length
  await eachOf([...asks.entries()], async ([index, ask]) => {
    for (const [n, event] of (await eventsOf(ports, ask, rules)).entries()) {
      counted.asked++
      if (!(await isNews(ports, known, event)) || (await isAwaited(ports, known, event))) continue
      // Its lane may have taken in a letter about it since the documents were listed.
      if ((await wasWritten(ports, known, event)) && !(await isNews(ports, known, event))) continue
      const left = await leaveLook(ports, event, { reactions, unique: `resync.${index}.${n}`, from: 'resync' })
      if (left.kind === 'left') counted.letters++
    }
  })
  // What may have moved is asked by the lane itself; the watch wakes it too.
  for (const lane of perhaps) await wake(ports, lane, `resync.${now}`)
  // Also a cluster that was away and that nobody asks any more: who else would hear that it answers again?
  await eachOf((sides['cluster']?.until ?? 0) <= now ? [docs] : [], async () => {
    // One that cannot be deleted keeps no other from being deleted.
    await eachOf(await orphansIn(ports, policy, [...docs.values()]), async (one) => {
      if (await clearOrphan(ports, policy, one)) counted.orphans++
    })
  })
  await heardAgain(
    ports,
    sides,
    [...told].filter(([, { answered }]) => answered).map(([side]) => side),
  )
  if (failures.length > 0)
    throw new AggregateError(failures, `${failures.length} could not be asked, the first: ${String(failures[0])}`)
  return { ...counted, woken: healing.taken() }
}

/** Wakes pools with a line, and lanes of whose run something has moved; answers those of which only they themselves can tell. */
const wakeMoved = async (
  ports: WorkPorts,
  known: Known,
  { sides, eachOf }: { sides: Awaited<ReturnType<typeof sidesAway>>; eachOf: ReturnType<typeof sideBySide> },
): Promise<string[]> => {
  const now = ports.clock.now()
  const perhaps: string[] = []
  await eachOf([now], () => wakePools(ports, known, now))
  await eachOf([known], async () => {
    for (const lane of await poolsAmiss(ports, known)) await leaveGoOn(ports, lane)
  })
  await eachOf(longestAgo(known.docs), async (doc) => {
    // Of a newer release's nothing is known, and who waits for a far side is woken when it answers.
    if (newerIn(doc) !== null || sides[doc.rest?.side ?? ''] !== undefined) return
    const moved = await hasMoved(ports, known, doc).catch((error: unknown) => {
      // Nothing is concluded from an error (law 2): its lane looks for itself.
      perhaps.push(doc.lane)
      throw error
    })
    if (moved === 'perhaps') perhaps.push(doc.lane)
    if (moved === 'moved') await wake(ports, doc.lane, `resync.${now}`)
  })
  return perhaps
}

const longestAgo = (docs: Known['docs']): LaneDocument[] => [...docs.values()].sort((a, b) => a.writtenAt - b.writtenAt)

const knownIn = (ports: WorkPorts, given: Omit<Known, 'once' | 'seen'>): Known => {
  const once = askedOnce()
  return { ...given, once, seen: () => once('cluster', () => seeAll(ports, given.policy)) }
}

/** A pool's lane is due for as long as somebody stands in its line; where it is not, it is woken. What is due is the tick's. */
const wakePools = async (
  ports: Pick<WorkPorts, 'ledger' | 'queue'>,
  { policy, docs }: Known,
  now: number,
): Promise<void> => {
  for (const room of await linesOf(ports, poolRooms(policy)))
    if ((docs.get(room)?.due ?? null) === null) await wake(ports, room, `resync.${now}`)
}

const eventsOf = async (ports: WorkPorts, ask: Ask, rules: number): Promise<IntendingEvent[]> =>
  ask.kind === 'event' ? [ask.event] : manifestsOf(ports, ask, rules)

/** Whether all that a manifest names is there is for its lane to ask, once: a version that nobody knows yet is news. */
const shortened = (look: Look): Look => {
  if (look.kind === 'alert') return { ...look, dataset: { ...look.dataset, known: 'all' } }
  return look.kind === 'manifest' ? { ...look, known: 'all' } : look
}

/** Whether a letter about this event would change anything: it is folded on paper first. */
const isNews = async (ports: WorkPorts, known: Known, event: IntendingEvent): Promise<boolean> => {
  const { policy: read, reactions, docs, self, seen, once } = known
  const reaction = reactionTo(reactions, event)
  const rule = reaction?.ruleOf(event, read) ?? null
  if (reaction === undefined || rule === null) return false
  const rungs = hasFloors(read) ? await once('rungs', () => rungsOf(ports.ledger, read)) : []
  const policy = policyNow(read, { kind: reaction.kind, lane: rule.lane }, { rungs, now: ports.clock.now() })
  const doc = docs.get(rule.lane) ?? emptyDocument({ ...policy, ledger: self?.ledger }, rule.lane)
  if (newerIn(doc) !== null) return false
  const where = shortened(reaction.look(event, { policy, rule, doc }))
  const facts = await lookAt(ports, where, { secret: self?.secret ?? '', once: known.once })
  const now = ports.clock.now()
  const letter: LookLetter = {
    kind: 'look',
    id: '',
    lane: rule.lane,
    at: now,
    due: now,
    event,
    from: 'resync',
    waits: null,
    tries: 0,
  }
  const paper = paperView({ policy, doc, kind: reaction.kind, reactions, now, self }, [letter])
  const looked = [worldOf(ports, paper, seen), keptOnPaper(ports, doc), planMoving(ports, doc)] as const
  const [world, kept, plan] = await Promise.all(looked)
  const at = { ...paper, world, plan }
  const change = atRest(at, fold(at, { [whereOf(paper, letter)]: facts }, { kept }))
  if (rightBeside({ ...at, doc: change.doc }) !== null) return true
  return change.moments.length > 0 || change.later.length > 0 || JSON.stringify(change.doc) !== JSON.stringify(doc)
}

/** The world, where what a source says is compared with it; where it only tells what stands, a cluster that is away hides nothing. */
const worldOf = async (ports: WorkPorts, paper: View, seen: Known['seen']): Promise<World | null> => {
  const look = async (): Promise<World> => observe(ports, paper, await seen())
  if (needsPaper(paper)) return look()
  return seesStanding(paper) || looksForNewer(paper) ? look().catch(() => null) : null
}

/** Whether the document that this event is about was written since it was read; it is read again. */
const wasWritten = async ({ ledger }: WorkPorts, known: Known, event: IntendingEvent): Promise<boolean> => {
  const rule = reactionTo(known.reactions, event)?.ruleOf(event, known.policy) ?? null
  const now = rule === null ? undefined : (await readRow(ledger, 'lane', rule.lane))?.value
  if (now === undefined || now.writtenAt === known.docs.get(now.lane)?.writtenAt) return false
  known.docs.set(now.lane, now)
  return true
}

/** Whether a letter about the same place waits already: it is looked at in its own time, of which its lane may have heard nothing. */
const isAwaited = async (ports: WorkPorts, { policy, reactions }: Known, event: IntendingEvent): Promise<boolean> => {
  const reaction = reactionTo(reactions, event)
  const rule = reaction?.ruleOf(event, policy) ?? null
  if (reaction === undefined || rule === null) return false
  const letters = valuesOf(await everyRow(ports.ledger, 'look', `${rule.lane}#`))
  const found = letters.find(
    (letter) => letter.kind === 'look' && whereOf({ reactions }, letter) === reaction.at(event),
  )
  const now = ports.clock.now()
  if (found !== undefined && found.due <= now) await wake(ports, rule.lane, `resync.${now}`)
  return found !== undefined
}

const sideBySide =
  (onFailure: (error: unknown) => void) =>
  async <T>(values: T[], work: (value: T) => Promise<void>): Promise<void> => {
    const left = values.values()
    const worker = async (): Promise<void> => {
      for (const value of left) await work(value).catch(onFailure)
    }
    await Promise.all(Array.from({ length: Math.min(SIDE_BY_SIDE, values.length) }, worker))
  }
