import { NotAllowed, Refused, Unavailable } from '../../flows/ports.ts'
import type { Tried } from '../http/retrying.ts'

/** What Slack answers when it does not do what it is asked: with status 200, except for 429 and outages. */
interface Refusal {
  error?: string
  /** The scope that is missing. */
  needed?: string
  /** What it has against an argument. */
  response_metadata?: { messages?: string[] }
}

/** Words for what passes by itself. Every other one is told to an operator: one card that Slack does not take holds up no other. */
const PASSING: ReadonlySet<string> = new Set([
  'ratelimited',
  'rate_limited',
  'message_limit_exceeded',
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'update_failed',
  'team_added_to_org',
  'org_login_required',
  'external_channel_migrating',
  'team_access_not_granted',
])

const TOKEN = 'put the bot token of the installed app into the secret slack-bot-token'
const SCOPES = 'add the scopes of docs/deploy.md to the app and install it again'
const OPEN = 'let the app post there, in the settings of the channel or of the workspace'
const BUG = 'our card is not as Slack takes it: please report this line'

/** What an operator does about a word. */
const FIXES: Record<string, string> = {
  is_archived: 'unarchive the channel, or name another one in approvals.channel',
  channel_not_found: 'write the channel’s id into approvals.channel, and invite the app if it is private',
  not_in_channel: 'invite the app to the channel',
  invalid_auth: TOKEN,
  not_authed: TOKEN,
  token_revoked: TOKEN,
  token_expired: TOKEN,
  not_allowed_token_type: TOKEN,
  account_inactive: `install the app again, then ${TOKEN}`,
  missing_scope: SCOPES,
  no_permission: SCOPES,
  team_access_not_granted: 'give the app access to the workspace',
  accesslimited: 'let our addresses call Slack, in the settings of the app',
  ekm_access_denied: 'an administrator of Slack has suspended posting',
  restricted_action: OPEN,
  restricted_action_read_only_channel: OPEN,
  restricted_action_thread_only_channel: OPEN,
  msg_too_long: BUG,
  msg_blocks_too_long: BUG,
  invalid_blocks: BUG,
  invalid_blocks_format: BUG,
  invalid_arguments: BUG,
}

/** Why Slack did not do it, to be thrown: what passes is `Unavailable`, what somebody must mend is `Refused` in Slack's word, with the fix. */
export const failureOf = (method: string, { status, body, retryAfter }: Tried): Error => {
  const { error, needed, response_metadata } = refusalIn(body)
  if (error === undefined) {
    // Slack always says a word: something in between has answered.
    const Kind = status === 401 || status === 403 ? NotAllowed : Unavailable
    return new Kind(`Slack ${method}: it answers ${status}, and not as Slack does`)
  }
  const fix = FIXES[error]
  const said = [`Slack ${method}`, error, needed, response_metadata?.messages?.[0]].filter((part) => part !== undefined)
  const message = `${said.join(': ')}${fix === undefined ? '' : ` (${fix})`}`
  return PASSING.has(error) ? Object.assign(new Unavailable(message), { retryAfter }) : new Refused(message)
}

const refusalIn = (body: unknown): Refusal =>
  typeof body === 'object' && body !== null && typeof (body as Refusal).error === 'string' ? body : {}
