import type { Card } from '../../core/cards.ts'
import { type Chat, type Clock, type Ledger, Unavailable } from '../../flows/ports.ts'
import { parsedBody, type RetryOptions, retryAfterOf, retrying, type Tried } from '../http/retrying.ts'
import { blocksOf, fallbackOf } from './blocks.ts'

export interface SlackOptions extends RetryOptions {
  /**
   * The bot's token: scopes `chat:write`, `channels:history` or `groups:history` to find a card after a crash, and
   * `usergroups:read` for approvers by user group.
   */
  token: () => Promise<string>
  /** Where cards stand. */
  ledger: Pick<Ledger, 'read' | 'commit'>
  clock: Clock
  /** `https://slack.com/api/` unless told. */
  url?: string
  /** Of one try, milliseconds. */
  deadline?: number
}

/** What a message carries besides its text: its key, so that it can be found again. */
const EVENT = 'signalbox_card'
/** Messages of a channel that are looked through for a card whose posting was cut off. */
const LOOKED_THROUGH = 100

const JSON_TYPE = 'application/json; charset=utf-8'
const FORM = 'application/x-www-form-urlencoded'

interface Answer {
  ok: boolean
  error?: string
  ts?: string
  channel?: string
  users?: string[]
  messages?: { ts: string; metadata?: { event_type?: string; event_payload?: { key?: string } } }[]
}

/**
 * Cards as Slack messages. Slack takes no key of ours, so the ledger remembers where each card stands; a card whose posting
 * was cut off between the two is found by its metadata before another is posted.
 */
export const openSlack = (options: SlackOptions): Chat => {
  const { ledger, clock } = options
  const call = callerOf(options)
  const update = async ({ channel, ts }: { channel: string; ts: string }, card: Card): Promise<void> => {
    await call('chat.update', { channel, ts, text: fallbackOf(card), blocks: blocksOf(card) })
  }
  const find = async (channel: string, key: string): Promise<string | undefined> => {
    const history = { channel, limit: String(LOOKED_THROUGH), include_all_metadata: 'true' }
    const { messages = [] } = await call('conversations.history', history)
    return messages.find(({ metadata }) => metadata?.event_type === EVENT && metadata.event_payload?.key === key)?.ts
  }
  const send = async (channel: string, key: string, card: Card): Promise<string> => {
    const metadata = { event_type: EVENT, event_payload: { key } }
    const text = { text: fallbackOf(card), blocks: blocksOf(card), unfurl_links: false, unfurl_media: false }
    const { ts } = await call('chat.postMessage', { channel, metadata, ...text })
    if (ts === undefined) throw new Unavailable('Slack chat.postMessage answered without ts')
    return ts
  }
  return {
    update,
    members: async (group) => {
      const [team = '', usergroup = ''] = group.split('/')
      const answer = await call('usergroups.users.list', { usergroup, team_id: team }, ['no_such_subteam'])
      return (answer.users ?? []).map((user) => `${team}/${user}`)
    },
    post: async (channel, key, card) => {
      const id = `${channel}/${key}`
      const known = await ledger.read('card', id)
      if (known !== null && known.value.ts !== null) {
        await update({ channel, ts: known.value.ts }, card)
        return { channel, ts: known.value.ts }
      }
      const row = { channel, key, at: clock.now() }
      const claim = { put: 'card' as const, id, revision: 0, value: { ...row, ts: null } }
      const isFirst = known === null && (await ledger.commit([claim])).ok
      const earlier = isFirst ? undefined : await find(channel, key)
      const ts = earlier ?? (await send(channel, key, card))
      if (earlier !== undefined) await update({ channel, ts }, card)
      const revision = (await ledger.read('card', id))?.revision ?? 0
      await ledger.commit([{ put: 'card', id, revision, value: { ...row, ts } }])
      return { channel, ts }
    },
  }
}

/** One method of the Web API. Slack answers refusals with 200: those that may pass, and outages, are `Unavailable`. */
const callerOf =
  ({ token, url = 'https://slack.com/api/', deadline = 10_000, ...options }: SlackOptions) =>
  async (method: string, body: Record<string, unknown>, expected: string[] = []): Promise<Answer> => {
    const form = READS.has(method)
    const once = async (): Promise<Tried> => {
      const answer = await fetch(`${url}${method}`, {
        method: 'POST',
        signal: AbortSignal.timeout(deadline),
        headers: { 'content-type': form ? FORM : JSON_TYPE, authorization: `Bearer ${await token()}` },
        body: form ? new URLSearchParams(body as Record<string, string>).toString() : JSON.stringify(body),
      })
      const retryAfter = retryAfterOf(answer.headers.get('retry-after'))
      return { status: answer.status, body: parsedBody(await answer.text()), retryAfter }
    }
    // Nothing of a message that may have been posted is posted again: the next call of `post` looks for it.
    const onlyRefused = method === 'chat.postMessage'
    const { body: said } = await retrying(`Slack ${method}`, once, { ...options, onlyRefused })
    const answer = said as Answer
    if (answer?.ok !== true && !expected.includes(answer?.error ?? ''))
      throw new Unavailable(`Slack ${method}: ${answer?.error ?? 'not an answer'}${fixOf(answer)}`)
    return answer
  }

/** Methods that read take no JSON. */
const READS: ReadonlySet<string> = new Set(['conversations.history', 'usergroups.users.list'])

const FIXES: Record<string, string> = {
  not_in_channel: 'invite the app to the channel',
  channel_not_found: 'use the channel’s id, and invite the app if it is private',
  invalid_auth: 'put the bot token of the installed app into the secret slack-bot-token',
  missing_scope: 'add the scopes of docs/deploy.md to the app and install it again',
}

const fixOf = (answer: Answer): string => {
  const fix = FIXES[answer?.error ?? '']
  return fix === undefined ? '' : ` (${fix})`
}
