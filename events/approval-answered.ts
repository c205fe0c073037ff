import * as z from 'zod/mini'
import type { ApprovalAnswered, Contract, Parsed } from './contract.ts'
import { NAME, parseJson, parseWith, refusal, short, utf8 } from './input.ts'

const who = {
  // An app that a whole organisation has installed is told of no team.
  team: z.nullish(z.object({ id: short(NAME) })),
  enterprise: z.nullish(z.object({ id: short(NAME) })),
  user: z.object({ id: short(NAME), username: z.optional(z.string()), team_id: z.optional(short(NAME)) }),
}
const press = z.object({
  type: z.literal('block_actions'),
  ...who,
  channel: z.optional(z.object({ id: short(NAME) })),
  message: z.optional(z.object({ ts: short(NAME) })),
  response_url: z.optional(z.string().check(z.maxLength(1000))),
  actions: z
    .array(
      z.object({
        action_id: z.string(),
        value: z.optional(z.string().check(z.maxLength(NAME))),
        action_ts: z.string().check(z.maxLength(NAME)),
      }),
    )
    .check(z.minLength(1)),
})
const modal = z.object({
  type: z.literal('view_submission'),
  ...who,
  view: z.object({
    callback_id: z.string(),
    private_metadata: short(NAME),
    state: z.object({
      values: z.record(z.string(), z.record(z.string(), z.object({ type: z.string(), value: z.nullish(z.string()) }))),
    }),
  }),
})
const kind = z.object({ type: z.string() })

/** A button of a card was pressed, or the modal with a reason was sent. The door checks the signature over raw bytes first. */
export const approvalAnswered: Contract<ApprovalAnswered> = {
  name: 'approval-answered',
  summary: 'somebody approved or denied a plan in Slack',
  via: { route: 'POST /slack/interactions' },
  parse: (input) => {
    const parsed = parseWith(kind, input)
    if (!parsed.ok) return parsed
    if (parsed.event.type === 'block_actions') return onPress(input)
    if (parsed.event.type === 'view_submission') return onModal(input)
    return refusal('not-this-event', `type ${parsed.event.type}: expected block_actions or view_submission`)
  },
}

/** Slack sends one form field, `payload`, which is JSON. Total. */
export const formPayload = (body: Uint8Array): Parsed<unknown> => {
  const text = utf8(body)
  if (text === null) return refusal('bad-field', 'the body is not UTF-8 text')
  const [payload, ...more] = new URLSearchParams(text).getAll('payload')
  if (payload === undefined) return refusal('missing-field', 'payload: the form field is missing')
  // Two readers of one body could each take another one.
  if (more.length > 0) return refusal('bad-field', `payload: the form field is there ${more.length + 1} times`)
  const read = parseJson(payload)
  return read.ok ? { ok: true, event: read.value } : refusal('bad-field', `payload: ${read.detail}`)
}

const onPress = (input: unknown): Parsed<ApprovalAnswered> => {
  const parsed = parseWith(press, input)
  if (!parsed.ok) return parsed
  const person = personIn(parsed.event)
  if (person === null) return NOBODY
  const { actions, message, channel, response_url } = parsed.event
  const action = actions.find(({ action_id }) => action_id === 'approve' || action_id === 'reject')
  if (action === undefined)
    return refusal('not-this-event', `action ${actions[0]?.action_id}: expected approve or reject`)
  if (action.value === undefined || action.value === '')
    return refusal('missing-field', 'actions.value: the button names no question')
  const at = Math.round(Number(action.action_ts) * 1000)
  if (!Number.isFinite(at)) return refusal('bad-field', `actions.action_ts: ${action.action_ts} is no time`)
  return {
    ok: true,
    event: {
      ...person,
      question: action.value,
      verdict: action.action_id === 'approve' ? 'approve' : 'deny',
      reason: null,
      message: message === undefined || channel === undefined ? null : { channel: channel.id, ts: message.ts },
      replyTo: response_url ?? null,
      at,
    },
  }
}

/** A modal carries no time of its own: the door counts the time at which it came. */
const onModal = (input: unknown): Parsed<ApprovalAnswered> => {
  const parsed = parseWith(modal, input)
  if (!parsed.ok) return parsed
  const person = personIn(parsed.event)
  if (person === null) return NOBODY
  const { view } = parsed.event
  if (view.callback_id !== 'reason') return refusal('not-this-event', `view ${view.callback_id}: expected reason`)
  const inputs = Object.values(view.state.values).flatMap((block) => Object.values(block))
  const reason = inputs.find(({ type }) => type === 'plain_text_input')?.value ?? null
  return {
    ok: true,
    event: {
      ...person,
      question: view.private_metadata,
      verdict: 'deny',
      reason,
      message: null,
      replyTo: null,
      at: 0,
    },
  }
}

const NOBODY = refusal('missing-field', 'team, user.team_id and enterprise: one of them says whose person this is')

/**
 * Who it was, and the workspace that the app is installed in; null in place of the latter where a whole organisation has it, and of
 * both where nothing says whose person it is. A guest of a shared channel has a team of its own: it stays part of who they are.
 */
const personIn = ({
  team,
  enterprise,
  user,
}: z.output<typeof press> | z.output<typeof modal>): Pick<
  ApprovalAnswered,
  'type' | 'by' | 'byName' | 'workspace'
> | null => {
  const of = user.team_id ?? team?.id ?? enterprise?.id
  if (of === undefined) return null
  return {
    type: 'approval-answered',
    by: `${of}/${user.id}`,
    byName: user.username ?? '',
    workspace: team?.id ?? null,
  }
}
