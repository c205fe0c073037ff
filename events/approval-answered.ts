import * as z from 'zod/mini'
import type { ApprovalAnswered, Contract, Parsed } from './contract.ts'
import { NAME, parseJson, parseWith, refusal, short } from './input.ts'

const who = {
  team: z.object({ id: short(NAME) }),
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
export const formPayload = (body: string): Parsed<unknown> => {
  const payload = new URLSearchParams(body).get('payload')
  if (payload === null) return refusal('missing-field', 'payload: the form field is missing')
  const read = parseJson(payload)
  return read.ok ? { ok: true, event: read.value } : refusal('bad-field', `payload: ${read.detail}`)
}

const onPress = (input: unknown): Parsed<ApprovalAnswered> => {
  const parsed = parseWith(press, input)
  if (!parsed.ok) return parsed
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
      ...common(parsed.event),
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
  const { view } = parsed.event
  if (view.callback_id !== 'reason') return refusal('not-this-event', `view ${view.callback_id}: expected reason`)
  const inputs = Object.values(view.state.values).flatMap((block) => Object.values(block))
  const reason = inputs.find(({ type }) => type === 'plain_text_input')?.value ?? null
  return {
    ok: true,
    event: {
      ...common(parsed.event),
      question: view.private_metadata,
      verdict: 'deny',
      reason,
      message: null,
      replyTo: null,
      at: 0,
    },
  }
}

/** A guest of a shared channel has a team of its own: it stays part of who they are. */
const common = ({
  team,
  user,
}: {
  team: { id: string }
  user: { id: string; username?: string | undefined; team_id?: string | undefined }
}) => ({
  type: 'approval-answered' as const,
  by: `${user.team_id ?? team.id}/${user.id}`,
  byName: user.username ?? '',
  workspace: team.id,
})
