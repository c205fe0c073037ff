import { existsSync } from 'node:fs'
import { DURATION, isTooLong, LONGEST_DAYS, milliseconds } from '../../core/duration.ts'
import { turnOf } from '../../core/lane/before.ts'
import { shownFor } from '../../core/lane/commands.ts'
import { sameRun } from '../../core/lane/document.ts'
import type { Seen } from '../../core/lane/letters.ts'
import { inNewNames, laneMeant } from '../../core/lane-kinds/called.ts'
import { usd } from '../../core/money/prices.ts'
import { readRow } from '../../flows/rows.ts'
import type { Command } from '../../local/house-type.ts'
import { wantedTitle } from '../../local/waiting.ts'
import { type Client, findRunning, runningClient } from '../client.ts'
import { EXIT, Explained, type Output, show, showRefused, type Where } from '../output.ts'
import { calledIn, calledOn } from './called.ts'
import { datasetOf, eventOf } from './emit.ts'
import { commandInAws } from './in-aws.ts'
import { withLedger } from './ledger.ts'

/**
 * What would happen on an event: priced, without effect. A sample's dataset is imagined, not written: in a bucket it would
 * be an upload.
 */
export const plan = async (name: string, { data }: { data: string }, output: Output): Promise<number> => {
  const event = eventOf(name)
  const client = findRunning(data)
  const objects = existsSync(name) ? [] : datasetOf(event)
  const { status, body } = await client.post('/api/plan', { event, objects })
  if (status >= 400) throw new Explained(String(body['detail'] ?? body['error'] ?? status))
  show(output, body, inNewNames(await calledOn(data), String(body['text'] ?? '')))
  return (body['became'] as { kind?: string } | undefined)?.kind === 'refused' ? EXIT.failed : EXIT.ok
}

/** Answers a plan's open question, as the Slack buttons do. */
export const answer = async (
  verdict: 'approve' | 'deny',
  id: string,
  {
    flags: { data, by, reason, choice, aws },
    output,
  }: { flags: { data: string; by?: string; reason?: string; choice?: string; aws?: string }; output: Output },
): Promise<number> => {
  if (aws !== undefined)
    throw new Explained('people answer a deployed installation in Slack, where it knows who they are', EXIT.usage)
  if (by === undefined) throw new Explained(await whoMay(runningClient(data)), EXIT.usage)
  const client = findRunning(data)
  const { status, body } = await client.post(`/api/plans/${encodeURIComponent(id)}/answers`, {
    by,
    verdict,
    reason: reason ?? null,
    choice,
  })
  const refused = body['refused'] ?? (status >= 400 ? (body['reason'] ?? body['error'] ?? status) : null)
  const lane = inNewNames(await calledOn(data), String(body['lane'] ?? ''))
  if (refused === null) show(output, body, `recorded: ${String(body['recorded'])} · ${lane}${tookText(body['took'])}`)
  else showRefused(output, body, `refused (${String(refused)}): ${String(body['detail'] ?? '')}`)
  return refused === null ? EXIT.ok : EXIT.failed
}

/** Whom to name. */
const whoMay = async (client: Client | null): Promise<string> => {
  if (client === null) return 'say who you are, as approvals.approvers of the policy names you: `--by TEAM/USER`'
  const { approvers } = (await client.get('/api/approvers')) as { approvers: { id: string; name: string }[] }
  const people = approvers.map(({ id, name }) => `\`--by ${id}\` (${name})`)
  return `say who you are, as approvals.approvers names you: ${people.join(' or ')}`
}

/** ` · as default, at most $223.83; it could have been half or spot`: of a question with a choice. */
const tookText = (took: unknown): string => {
  if (took === undefined) return ''
  const { name, atMost, others } = took as { name: string; atMost: number; others: string[] }
  return ` · as ${name}, at most ${usd(atMost)}; beside it were ${others.join(' and ')} (\`--choice\` says which)`
}

/** Retry, cancel, freeze or thaw a lane; says what it reached. */
export const command = async (asked: Command, where: Where, output: Output): Promise<number> => {
  const { aws, config } = where
  if (aws !== undefined) {
    const done = await commandInAws(asked, { aws, config })
    show(output, done, done.detail)
    return done.ok ? EXIT.ok : EXIT.failed
  }
  const { status, body: done } = await findRunning(where.data).post('/api/commands', asked)
  const ok = status < 400 && done['ok'] === true
  const say = ok ? show : showRefused
  say(output, done, String(done['detail'] ?? done['error'] ?? status))
  return ok ? EXIT.ok : EXIT.failed
}

type RetryOrCancel = Extract<Command, { kind: 'retry' | 'cancel' }>

/** A retry or a cancel of what `--saw` names, else of what the lane shows now, which is said first: of nothing that comes later. */
export const retryOrCancel = async (
  asked: RetryOrCancel,
  { saw, ...where }: Where & { saw?: string },
  output: Output,
): Promise<number> => {
  const named = saw === undefined ? undefined : seenOf(saw)
  if (where.aws === undefined) findRunning(where.data)
  return command({ ...asked, saw: named ?? (await readShown(asked, where, output)) }, where, output)
}

/** `g2a1`, alone or at the end of a plan's id; `idle`: that there was nothing to reach. */
const seenOf = (text: string): Seen => {
  if (text === 'idle') return text
  const [, generation, attempt] = /(?:^|-)g([1-9]\d*)a([1-9]\d*)$/.exec(text) ?? []
  if (generation === undefined)
    throw new Explained(
      '--saw is a plan as `plans` shows it, or its g2a1; `idle` is that nothing was there',
      EXIT.usage,
    )
  return { generation: Number(generation), attempt: Number(attempt) }
}

/** What the lane shows now, said on stderr; undefined of a lane that there is not, which the product answers. */
const readShown = async (asked: RetryOrCancel, where: Where, output: Output): Promise<Seen | undefined> => {
  const { kind } = asked
  const called = await calledIn(where)
  const meant = laneMeant(called, asked.lane)
  const doc = await withLedger(where, async (ledger) => (await readRow(ledger, 'lane', meant))?.value)
  if (doc === undefined) return undefined
  const seen = shownFor(doc, { kind, wanted: asked.kind === 'cancel' && asked.wanted === true })
  if (seen === 'idle') output.err(`${kind}: nothing is there to ${kind} in ${inNewNames(called, meant)}`)
  else {
    const { desired } = [doc.run, turnOf(doc)].find((one) => one !== null && sameRun(one, seen)) ?? doc
    output.err(`${kind}: ${wantedTitle(meant, desired)}, generation ${seen.generation}, attempt ${seen.attempt}`)
  }
  return seen
}

/** Begins nothing new until then. A duration counts from the product's now: its time may be a virtual one. */
export const freeze = async (
  { lane, until, by }: { lane: string; until: string; by: string },
  where: Where,
  output: Output,
): Promise<number> => {
  freezeEnd(until, 0)
  const now = where.aws === undefined ? await nowOf(where.data) : Date.now()
  return command({ kind: 'freeze', lane, until: freezeEnd(until, now), by }, where, output)
}

const nowOf = async (data: string): Promise<number> => {
  const { health } = (await findRunning(data).get('/healthz')) as { health: { now: number } }
  return health.now
}

/** When a freeze ends: a duration from now (`4h`) or a time (`2026-11-24T18:00Z`). Milliseconds. */
export const freezeEnd = (text: string, now: number): number => {
  const isTime = /^\d{4}-\d{2}-\d{2}T/.test(text)
  if (DURATION.test(text) && isTooLong(text))
    throw new Explained(
      `--until ${text} is too far: say at most ${LONGEST_DAYS}d, or a time such as 2026-11-24T18:00Z`,
      EXIT.usage,
    )
  const until = DURATION.test(text) ? now + milliseconds(text) : isTime ? Date.parse(text) : Number.NaN
  if (!Number.isFinite(until))
    throw new Explained('--until is a duration such as 4h, or a time such as 2026-11-24T18:00Z', EXIT.usage)
  return until
}
