import { nameOf } from '../core/answers.ts'
import { shownFor } from '../core/lane/commands.ts'
import type { CommandLetter, LeaseLetter, LiftLetter } from '../core/lane/letters.ts'
import { budgetOf, budgetRoom, lanesOfPools } from '../core/lane/room.ts'
import { kindOf, laneKinds, ruleFor } from '../core/lane-kinds/catalogue.ts'
import { laneName } from '../core/lane-kinds/kind.ts'
import { mayOperate, notAnOperator } from '../core/policy/approvals.ts'
import { ruleNamed } from '../core/policy/names.ts'
import type { Moment } from '../core/rows.ts'
import { counted, said } from '../core/text.ts'
import { runAsked } from '../events/run-asked.ts'
import { laneNames } from './lanes.ts'
import { type Left, type LetterPorts, leaveCommand, leaveGoOn, leaveLease, leaveLift, leaveRun } from './letters.ts'
import type { Ports } from './ports.ts'
import { readRow, readRows } from './rows.ts'
import { wake } from './waking.ts'

/** What a command came to: `detail` says what was reached, or why not. */
export interface Commanded {
  ok: boolean
  detail: string
}

/**
 * A retry or a cancel as a letter that names what the person saw; or why there is nobody to write to. Who does not say what
 * they saw means what stands there now.
 */
export const order = async (
  ports: LetterPorts,
  command: Pick<CommandLetter, 'kind' | 'lane' | 'by'> & Partial<Pick<CommandLetter, 'saw' | 'from' | 'wanted'>>,
  unique: string,
): Promise<Left | Commanded> => {
  const { from = null, wanted = false } = command
  const doc = (await readRow(ports.ledger, 'lane', command.lane))?.value
  if (doc === undefined) return { ok: false, detail: `there is no lane ${command.lane}` }
  const saw = command.saw ?? shownFor(doc, { kind: command.kind, wanted })
  return leaveCommand(ports, { ...command, saw, from, wanted }, unique)
}

/**
 * A lease of a pool as a letter to its lane, which the policy need not have moved before; or why there is no such pool. What it becomes is
 * said by the lane: what is allowed may be another thing by then.
 */
export const lease = async (
  ports: FreezePorts,
  asked: Pick<LeaseLetter, 'lane' | 'does' | 'by'> &
    Partial<Pick<LeaseLetter, 'gpus' | 'until' | 'more' | 'of' | 'proven'>>,
  unique: string,
): Promise<Left | Commanded> => {
  const policy = await ports.policies.load().catch(() => null)
  const lanes = policy === null ? [] : lanesOfPools(policy)
  if (policy !== null && !lanes.includes(asked.lane))
    return { ok: false, detail: `there is no pool ${said(asked.lane, 100)}; the policy has ${lanes.join(', ')}` }
  const { gpus = null, until = null, more = null, of = null } = asked
  return leaveLease(ports, { ...asked, gpus, until, more, of }, unique)
}

/** A person's word on a rung of the budget, as a letter to its lane: it says what becomes of it. */
export const lift = async (
  ports: FreezePorts,
  asked: Pick<LiftLetter, 'rung' | 'by' | 'why'>,
  unique: string,
): Promise<Left | Commanded> => {
  const policy = await ports.policies.load().catch(() => null)
  if (policy === null)
    return {
      ok: false,
      detail: 'the policy cannot be read now, so nobody knows its budget: look at `signalbox doctor`',
    }
  return leaveLift(ports, { ...asked, lane: budgetRoom(budgetOf(policy)) }, unique)
}

/**
 * A run by hand as a letter to its pipeline's lane, which the policy need not have moved before; or why there is no such pipeline, or no such
 * request. What becomes of it is said by the lane.
 */
export const run = async (
  ports: FreezePorts,
  asked: { lane: string; by: string; id: string; set?: unknown },
): Promise<Left | Commanded> => {
  const { lane, id, set } = asked
  if (kindOf(laneKinds, lane)?.occasionOf === undefined)
    return { ok: false, detail: `${said(lane, 100)} is no pipeline, and nothing else is run by hand` }
  const at = ports.clock.now()
  const parsed = runAsked.parse({ kind: 'run', id, at, pipeline: laneName(lane), by: said(asked.by, 100), set })
  if (!parsed.ok) return { ok: false, detail: parsed.detail }
  const policy = await ports.policies.load().catch(() => null)
  const found = policy === null ? undefined : ruleNamed(policy.pipelines, parsed.event.pipeline)
  if (policy !== null && found === undefined) {
    const all = Object.keys(policy.pipelines).join(', ') || 'none'
    return { ok: false, detail: `there is no pipeline ${said(parsed.event.pipeline, 60)}; the policy has ${all}` }
  }
  return leaveRun(ports, lane, parsed.event)
}

/** The last moment that a date can name. Milliseconds since the epoch. */
const LAST = 8.64e15

/** Whether there is such a lane, or the policy has a rule for it that nothing has moved yet. */
const isKnown = async ({ ledger, policies }: FreezePorts, lane: string): Promise<boolean> => {
  if ((await readRow(ledger, 'lane', lane)) !== null) return true
  const kind = kindOf(laneKinds, lane)
  // While nobody can read the policy, any lane that there could be may be frozen.
  const policy = await policies.load().catch(() => null)
  return kind !== undefined && (policy === null || ruleFor(kind, lane, policy) !== null)
}

/** What keeps something back stays while nobody knows who may end it; freezing more is safe. */
const UNREAD: Commanded = {
  ok: false,
  detail:
    'the policy cannot be read now, so nobody knows who may end a freeze: look at `signalbox doctor`, then say it again',
}

type FreezePorts = LetterPorts & Pick<Ports, 'policies'>

/** Whom the policy does not name, as far as it can be read: `unread` says that it cannot. */
const notAllowed = async (
  { policies }: FreezePorts,
  by: string,
  { what, unread }: { what: string; unread: Commanded | null },
): Promise<Commanded | null> => {
  const policy = await policies.load().catch(() => null)
  if (policy === null) return unread
  return mayOperate(by, policy.approvals)
    ? null
    : { ok: false, detail: notAnOperator(said(by, 100), what, policy.approvals) }
}

/** A person as the policy calls them, as far as it can be read. */
const called = async ({ policies }: FreezePorts, by: string): Promise<string> => {
  const policy = await policies.load().catch(() => null)
  return said(policy === null ? by : nameOf(by, policy.approvals), 100)
}

const whyNoFreeze = async (
  ports: FreezePorts,
  lane: string,
  { until, by, now }: { until: number; by: string; now: number },
): Promise<Commanded | null> => {
  const refused = await notAllowed(ports, by, { what: 'freeze', unread: null })
  if (refused !== null) return refused
  if (!(until > now && until <= LAST)) return { ok: false, detail: 'a freeze needs a time that lies ahead' }
  return lane === '*' || (await isKnown(ports, lane)) ? null : { ok: false, detail: noLane(lane) }
}

const noLane = (lane: string): string => `there is no lane ${lane}, and the policy has no rule for it`

/**
 * Nothing new begins on the lane (`*`: on any) until then; what goes back goes on (law 18). A lane of the policy can be frozen
 * before its first event.
 */
export const freeze = async (
  ports: FreezePorts,
  lane: string,
  { until, by }: { until: number; by: string },
): Promise<Commanded> => {
  const { ledger, clock } = ports
  const now = clock.now()
  const refused = await whyNoFreeze(ports, lane, { until, by, now })
  if (refused !== null) return refused
  const who = await called(ports, by)
  const text = `${who} freezes ${lane === '*' ? 'every lane' : lane} until ${new Date(until).toISOString()}`
  for (;;) {
    const stored = await readRow(ledger, 'freeze', lane)
    const earlier = stored !== null && stored.value.until > until
    const kept = earlier ? await notAllowed(ports, by, { what: 'end a freeze earlier', unread: UNREAD }) : null
    if (kept !== null) return kept
    const { ok } = await ledger.commit([
      { put: 'freeze', id: lane, revision: stored?.revision ?? 0, value: { lane, by: who, at: now, until } },
      { moment: noted(lane, now, text) },
    ])
    if (!ok) continue
    // Who rests until the longer one ended goes on with the shorter.
    if (earlier) await wakeAll(ports, lane)
    return {
      ok: true,
      detail: `nothing new begins on ${await inWords({ ledger }, lane)} until ${new Date(until).toISOString()}; what goes back goes on`,
    }
  }
}

/** Ends a freeze and wakes who rested; said again it wakes them again. */
export const thaw = async (ports: FreezePorts, lane: string, by: string): Promise<Commanded> => {
  const { ledger, clock } = ports
  const refused = await notAllowed(ports, by, { what: 'thaw', unread: UNREAD })
  if (refused !== null) return refused
  for (;;) {
    const stored = await readRow(ledger, 'freeze', lane)
    if (stored === null) {
      if (lane !== '*' && !(await isKnown(ports, lane))) return { ok: false, detail: noLane(lane) }
      await wakeAll(ports, lane)
      return { ok: false, detail: `${lane} is not frozen${await stillFrozen(ports, lane)}` }
    }
    const { ok } = await ledger.commit([
      { remove: 'freeze', id: lane, revision: stored.revision },
      { moment: noted(lane, clock.now(), `${await called(ports, by)} ends the freeze`) },
    ])
    if (!ok) continue
    const woken = await wakeAll(ports, lane)
    const still = await stillFrozen(ports, lane)
    return { ok: true, detail: `thawed, and ${counted(woken, 'lane')} woken${still}` }
  }
}

/** A lane that is thawed rests on when all are frozen. */
const stillFrozen = async ({ ledger, clock }: LetterPorts, lane: string): Promise<string> => {
  const until = lane === '*' ? 0 : ((await readRow(ledger, 'freeze', '*'))?.value.until ?? 0)
  return until <= clock.now()
    ? ''
    : `; every lane is frozen until ${new Date(until).toISOString()}, this one too: thaw \`*\``
}

const inWords = async ({ ledger }: Pick<LetterPorts, 'ledger'>, lane: string): Promise<string> =>
  lane === '*' ? `every lane (${(await laneNames(ledger)).length} now)` : lane

/**
 * Who rests on a freeze is due at its end: it gets a letter, since a wake that is lost is found by its due row alone. Whether it rests
 * on this one it sees for itself: on a pool's whoever holds of it does.
 */
const wakeAll = async (ports: LetterPorts, lane: string): Promise<number> => {
  const all = lane === '*'
  const others = all || kindOf(laneKinds, lane)?.grants === true ? await laneNames(ports.ledger) : []
  const lanes = all ? others : [...new Set([lane, ...others])]
  const resting = new Set(
    (await readRows(ports.ledger, 'lane', lanes)).flatMap(({ value: { lane: name, rest } }) =>
      rest?.why === 'frozen' ? [name] : [],
    ),
  )
  const reached = all ? lanes : lanes.filter((name) => name === lane || resting.has(name))
  for (const name of reached)
    await (resting.has(name) ? leaveGoOn(ports, name) : wake(ports, name, `thaw.${ports.clock.now()}`))
  return reached.length
}

const noted = (lane: string, at: number, text: string): Omit<Moment, 'id'> => ({
  at,
  lane: lane === '*' ? '-' : lane,
  generation: null,
  attempt: null,
  kind: 'note',
  text,
})
