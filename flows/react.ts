import type { Decision, Rule } from '../core/decisions/decision.ts'
import { datasetRule, onDatasetUploaded } from '../core/decisions/on-dataset-uploaded.ts'
import { modelRule, onModelPromoted } from '../core/decisions/on-model-promoted.ts'
import { desiredKey, desiredTitle, trainKey } from '../core/desired.ts'
import { currentRun, emptyLane, type Intent, isSettled, needsPaper, sameRun, want } from '../core/lane.ts'
import { runName } from '../core/names.ts'
import { identityOf } from '../core/planning/plan-for.ts'
import type { Policy } from '../core/policy.ts'
import { signalAt } from '../core/promotion.ts'
import type { LaneRow, Moment } from '../core/rows.ts'
import type { DatasetUploaded, ModelPromoted } from '../events/contract.ts'
import { lookAtDataset, lookAtModel } from './look.ts'
import { onPaper } from './on-paper.ts'
import type { Ports, Write } from './ports.ts'
import { ringRun, startRun } from './start.ts'

/** Events that may intend. */
export type Intending = DatasetUploaded | ModelPromoted

/** What an event became. */
export interface Became {
  kind: 'intended' | 'ignored' | 'waiting' | 'recorded'
  lane: string | null
  reason: string | null
  detail: string
}

export type ReactPorts = Pick<Ports, 'ledger' | 'objects' | 'registry' | 'cluster' | 'policies' | 'workflow' | 'clock'>
interface Given extends ReactPorts {
  quiet: boolean
}

/** Who loses the race this often in a row leaves the event to its sender's next delivery. */
const TRIES = 30

/**
 * Looks where the event points, decides, and makes one compare-and-set; whoever loses reads everything again. `quiet`
 * leaves no trace of an event that changes nothing: for reconcile, which looks at everything every few minutes.
 */
export const react = async (given: ReactPorts, event: Intending, { quiet = false } = {}): Promise<Became> => {
  const ports = { ...given, quiet }
  for (let tries = 0; tries < TRIES; tries++) {
    const became = await reactOnce(ports, event)
    if (became !== 'lost') return became
  }
  throw new Error(`the lane of ${event.type} ${event.id} changed ${TRIES} times while it was looked at`)
}

/** The rule of the policy that an event is about. */
export const ruleOf = (event: Intending, policy: Policy): Rule | null =>
  event.type === 'dataset-uploaded' ? datasetRule(event, policy) : modelRule(event, policy)

const reactOnce = async (ports: Given, event: Intending): Promise<Became | 'lost'> => {
  const policy = await ports.policies.load()
  const rule = ruleOf(event, policy)
  if (rule === null)
    return note(ports, event, '-', {
      kind: 'ignore',
      reason: 'not-configured',
      detail: `no rule is about ${where(event)}`,
    })
  const stored = await ports.ledger.read('lane', rule.lane)
  const row = stored?.value ?? emptyLane(rule.lane)
  const decision = await decide(ports, event, { rule, policy, row })
  if (decision.kind === 'intend') {
    const situation = {
      rule,
      policy,
      row,
      revision: stored?.revision ?? 0,
      intent: decision.intent,
      detail: decision.detail,
    }
    return rule.mode === 'shadow' ? inShadow(ports, event, situation) : intend(ports, event, situation)
  }
  const waiting =
    decision.kind === 'wait' ? { reason: decision.reason, detail: decision.detail, until: decision.until, event } : null
  const isOurs = row.waiting !== null && where(row.waiting.event as Intending) === where(event)
  if (waiting === null && !isOurs) return note(ports, event, rule.lane, decision)
  if (ports.quiet && waiting !== null && isOurs && row.waiting?.detail === waiting.detail)
    return becameOf(rule.lane, decision)
  const { ok } = await ports.ledger.commit([
    { put: 'lane', id: rule.lane, revision: stored?.revision ?? 0, value: { ...row, waiting } },
    ...told(ports, event, rule.lane, decision),
  ])
  return ok ? becameOf(rule.lane, decision) : 'lost'
}

/** Looks at the source and decides. The lane's row only says what need not be looked at again. */
export const decide = async (
  ports: Pick<Ports, 'objects' | 'registry' | 'ledger' | 'clock'>,
  event: Intending,
  { rule, policy, row }: { rule: Rule; policy: Policy; row: LaneRow },
): Promise<Decision> => {
  if (event.type === 'model-promoted')
    return onModelPromoted(event, await lookAtModel(ports, rule.name, policy), { rule, now: ports.clock.now() })
  const settled = async (version: string): Promise<boolean> => {
    const key = trainKey({ dataset: rule.name, version })
    if (rule.mode === 'shadow') return (await ports.ledger.read('shadow', shadowId(rule.lane, key))) !== null
    return row.desired !== null && desiredKey(row.desired) === key && isSettled(row)
  }
  return onDatasetUploaded(event, await lookAtDataset(ports, event, settled), { rule, policy, now: ports.clock.now() })
}

const shadowId = (lane: string, desired: string): string => `${lane}#${desired}`

interface Situation {
  rule: Rule
  policy: Policy
  row: LaneRow
  revision: number
  intent: Intent
  detail: string
}

const intend = async (
  ports: Given,
  event: Intending,
  { rule, policy, row, revision, intent, detail }: Situation,
): Promise<Became | 'lost'> => {
  const paper = needsPaper(row, intent) ? await onPaper(ports, policy, { row, desired: intent.desired }) : null
  const wanted = want(row, intent, { now: ports.clock.now(), retries: policy.retries, paper })
  if (wanted.kind === 'ignore') return note(ports, event, rule.lane, wanted)
  const title = desiredTitle(intent.desired)
  if (wanted.kind === 'start-again') {
    await startRun(ports, policy, currentRun(row))
    return note(ports, event, rule.lane, {
      kind: 'ignore',
      reason: 'in-progress',
      detail: `${title} is already being carried out`,
    })
  }
  const { ok } = await ports.ledger.commit([
    { put: 'lane', id: rule.lane, revision, value: wanted.row },
    heard(ports, event, rule.lane),
    { moment: { at: ports.clock.now(), ...currentRun(wanted.row), kind: 'facts', text: detail } },
    {
      moment: {
        at: ports.clock.now(),
        ...currentRun(wanted.row),
        kind: 'decision',
        text: `intend: ${title} (${wanted.why})`,
        data: { became: 'intended' },
      },
    },
    { count: 'intended', by: 1 },
  ])
  if (!ok) return 'lost'
  await startRun(ports, policy, currentRun(wanted.row))
  if (row.holder !== null && !sameRun(row.holder, wanted.row))
    await ringRun(ports, runName(identityOf(policy), { lane: row.lane, ...row.holder }))
  return { kind: 'intended', lane: rule.lane, reason: null, detail: `${title}: ${wanted.why}` }
}

/** Shadow: a row of its own, no lane, no hold, no question (law 13). */
const inShadow = async (
  ports: Given,
  event: Intending,
  { rule, policy, row, intent }: Situation,
): Promise<Became | 'lost'> => {
  const id = shadowId(rule.lane, desiredKey(intent.desired))
  if ((await ports.ledger.read('shadow', id)) !== null)
    return note(ports, event, rule.lane, {
      kind: 'ignore',
      reason: 'already-done',
      detail: 'its shadow plan is on record',
    })
  const planned = await onPaper(ports, policy, { row, desired: intent.desired })
  const refused =
    planned.kind === 'refuse'
      ? `${planned.reason}: ${planned.detail}`
      : planned.kind === 'nothing'
        ? planned.reason
        : null
  const plan = planned.kind === 'plan' ? planned.plan : null
  const detail =
    plan === null ? `would do nothing: ${refused}` : `would ${plan.title}, for at most $${plan.bounds.dollars}`
  const { ok } = await ports.ledger.commit([
    {
      put: 'shadow',
      id,
      revision: 0,
      value: { lane: rule.lane, desired: intent.desired, at: ports.clock.now(), plan, refused },
    },
    heard(ports, event, rule.lane),
    {
      moment: {
        at: ports.clock.now(),
        lane: rule.lane,
        generation: null,
        attempt: null,
        kind: 'decision',
        text: `shadow: ${detail}`,
        data: { became: 'recorded' },
      },
    },
    { count: 'shadow', by: 1 },
  ])
  return ok ? { kind: 'recorded', lane: rule.lane, reason: null, detail } : 'lost'
}

/** Where an event points: two events with the same answer look at the same source. */
export const where = (event: Intending): string =>
  event.type === 'dataset-uploaded' ? `s3://${event.bucket}/${event.key}` : signalAt(event.model, event.signal)

type Told = Exclude<Decision, { kind: 'intend' }>

const note = async (ports: Given, event: Intending, lane: string, decision: Told): Promise<Became> => {
  if (!ports.quiet) await ports.ledger.commit(told(ports, event, lane, decision))
  return becameOf(lane === '-' ? null : lane, decision)
}

const becameOf = (lane: string | null, { kind, reason, detail }: Told): Became => ({
  kind: kind === 'wait' ? 'waiting' : 'ignored',
  lane,
  reason,
  detail,
})

const heard = (ports: Given, event: Intending, lane: string): Write => ({
  moment: {
    at: ports.clock.now(),
    lane,
    generation: null,
    attempt: null,
    kind: 'event',
    text: `${event.type} ${where(event)}`,
    data: { ...event },
  },
})

const told = (ports: Given, event: Intending, lane: string, { kind, reason, detail }: Told): Write[] => {
  const became = kind === 'wait' ? 'waiting' : 'ignored'
  const decision: Omit<Moment, 'id'> = {
    at: ports.clock.now(),
    lane,
    generation: null,
    attempt: null,
    kind: 'decision',
    text: `${kind}: ${detail}`,
    data: { became, reason, event: event.type },
  }
  return [heard(ports, event, lane), { moment: decision }, { count: `${became}:${reason}`, by: 1 }]
}
