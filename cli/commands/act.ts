import { existsSync } from 'node:fs'
import { milliseconds } from '../../core/policy.ts'
import type { Command } from '../../local/house-type.ts'
import { findRunning } from '../client.ts'
import { EXIT, Explained, type Output, show, type Where } from '../output.ts'
import { datasetOf, readEvent } from './emit.ts'
import { commandInAws } from './in-aws.ts'

/**
 * What would happen on an event: priced, without effect. A sample's dataset is imagined, not written: in a bucket it would
 * be an upload.
 */
export const plan = async (name: string, { data }: { data: string }, output: Output): Promise<number> => {
  const { event } = readEvent(name)
  if (event === undefined) throw new Explained(`${name} holds no event`, EXIT.usage)
  const client = findRunning(data)
  const objects = existsSync(name) ? [] : datasetOf(event)
  const { status, body } = await client.post('/api/plan', { event, objects })
  if (status >= 400) throw new Explained(String(body['detail'] ?? body['error'] ?? status))
  show(output, body, String(body['text'] ?? ''))
  return (body['became'] as { kind?: string } | undefined)?.kind === 'refused' ? EXIT.failed : EXIT.ok
}

/** Answers a plan's open question, as the Slack buttons do. */
export const answer = async (
  verdict: 'approve' | 'deny',
  id: string,
  {
    flags: { data, by, reason, aws },
    output,
  }: { flags: { data: string; by: string; reason?: string; aws?: string }; output: Output },
): Promise<number> => {
  if (aws !== undefined)
    throw new Explained('people answer a deployed installation in Slack, where it knows who they are', EXIT.usage)
  const client = findRunning(data)
  const { status, body } = await client.post(`/api/plans/${encodeURIComponent(id)}/answers`, {
    by,
    verdict,
    reason: reason ?? null,
  })
  const refused = body['refused'] ?? (status >= 400 ? (body['reason'] ?? body['error'] ?? status) : null)
  show(
    output,
    body,
    refused === null
      ? `recorded: ${String(body['recorded'])} · ${String(body['lane'] ?? '')}`
      : `refused (${String(refused)}): ${String(body['detail'] ?? '')}`,
  )
  return refused === null ? EXIT.ok : EXIT.failed
}

/** Retry, cancel, freeze or thaw a lane. */
export const command = async (asked: Command, where: Where, output: Output): Promise<number> => {
  const { data, config, aws } = where
  if (aws === undefined) return commandRunning(asked, data, output)
  if (asked.lane === '' || asked.by === '' || asked.by.length > 100)
    throw new Explained('a lane must have a name, and --by 1 to 100 characters', EXIT.usage)
  const done = await commandInAws(asked, { aws, config })
  show(output, done, done.detail)
  return done.ok ? EXIT.ok : EXIT.failed
}

const commandRunning = async (asked: Command, data: string, output: Output): Promise<number> => {
  const { status, body: done } = await findRunning(data).post('/api/commands', asked)
  const ok = status < 400 && done['ok'] === true
  show(output, done, String(done['detail'] ?? done['error'] ?? status))
  return ok ? EXIT.ok : EXIT.failed
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
  const until = /^\d+(s|m|h|d)$/.test(text) ? now + milliseconds(text) : isTime ? Date.parse(text) : Number.NaN
  if (!Number.isFinite(until))
    throw new Explained('--until is a duration such as 4h, or a time such as 2026-11-24T18:00Z', EXIT.usage)
  return until
}
