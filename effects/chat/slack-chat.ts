import type { Card } from '../../core/cards.ts'
import type { Ledger, Stored } from '../../flows/ledger-port.ts'
import { type Chat, type Clock, Unavailable } from '../../flows/ports.ts'
import { byToken } from '../http/credentials.ts'
import { parsedBody, type RetryOptions, retryAfterOf, retrying, type Tried } from '../http/retrying.ts'
import { blocksOf, fallbackOf } from './blocks.ts'
import { failureOf } from './slack-words.ts'

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

/** Words for a message that is there no more, or never to be changed. */
const FORGOTTEN = ['message_not_found', 'cant_update_message', 'edit_window_closed']

/**
 * Cards as Slack messages. Slack takes no key of ours, so the ledger remembers where each card stands; a card whose posting
 * was cut off between the two is found by its metadata before another is posted, and one that a person has deleted is forgotten.
 */
export const openSlack = (options: SlackOptions): Chat => {
  const call = callerOf(options)
  const rows = rowsOf(options)
  return {
    members: async (group) => {
      const [team = '', usergroup = ''] = group.split('/')
      const answer = await call('usergroups.users.list', { usergroup, team_id: team }, ['no_such_subteam'])
      return (answer.users ?? []).map((user) => `${team}/${user}`)
    },
    post: async (channel, key, card) => {
      const known = await rows.read(channel, key)
      const place = known?.value.ts ?? null
      if (place !== null && (await update(call, { channel, ts: place }, card))) return { channel, ts: place }
      // Who writes that it is being posted needs not look whether another has begun to.
      const isFirst = (known === null || place !== null) && (await rows.write(channel, key, { known, ts: null }))
      const earlier = isFirst ? undefined : await find(call, channel, key)
      const isThere = earlier !== undefined && (await update(call, { channel, ts: earlier }, card))
      const ts = isThere ? earlier : await send(call, { channel, key, card })
      await rows.write(channel, key, { known: await rows.read(channel, key), ts })
      return { channel, ts }
    },
  }
}

/** Where cards stand. `write` says whether nobody else has written since `known` was read. */
const rowsOf = ({ ledger, clock }: Pick<SlackOptions, 'ledger' | 'clock'>) => ({
  read: async (channel: string, key: string): Promise<Stored<'card'> | null> => {
    const [row] = await ledger.read([{ kind: 'card', id: `${channel}/${key}` }])
    return row
  },
  write: async (
    channel: string,
    key: string,
    { known, ts }: { known: Stored<'card'> | null; ts: string | null },
  ): Promise<boolean> => {
    const value = { channel, key, at: clock.now(), ts }
    const id = `${channel}/${key}`
    return (await ledger.commit([{ put: 'card', id, revision: known?.revision ?? 0, value }])).ok
  },
})

/** As Slack knows the bot. */
export const byBot = (token: string): { authorization: string } =>
  byToken(token, {
    where: 'the secret slack-bot-token',
    write: 'the token of the Slack app, xoxb-… (docs/deploy.md, step 6)',
  })

type Call = ReturnType<typeof callerOf>

/** Whether the message shows the card now; not when it is there no more. */
const update = async (call: Call, at: { channel: string; ts: string }, card: Card): Promise<boolean> =>
  (await call('chat.update', { ...at, text: fallbackOf(card), blocks: blocksOf(card) }, FORGOTTEN)).ok

const find = async (call: Call, channel: string, key: string): Promise<string | undefined> => {
  const history = { channel, limit: String(LOOKED_THROUGH), include_all_metadata: 'true' }
  const { messages = [] } = await call('conversations.history', history)
  return messages.find(({ metadata }) => metadata?.event_type === EVENT && metadata.event_payload?.key === key)?.ts
}

const send = async (
  call: Call,
  { channel, key, card }: { channel: string; key: string; card: Card },
): Promise<string> => {
  const metadata = { event_type: EVENT, event_payload: { key } }
  const text = { text: fallbackOf(card), blocks: blocksOf(card), unfurl_links: false, unfurl_media: false }
  const { ts } = await call('chat.postMessage', { channel, metadata, ...text })
  if (ts === undefined) throw new Unavailable('Slack chat.postMessage answered without ts')
  return ts
}

/** One method of the Web API; words that are `expected` are an answer. Slack answers refusals with 200: each is thrown as what it is. */
const callerOf =
  ({ token, url = 'https://slack.com/api/', deadline = 10_000, ...options }: SlackOptions) =>
  async (method: string, body: Record<string, unknown>, expected: string[] = []): Promise<Answer> => {
    const form = READS.has(method)
    const once = async (): Promise<Tried> => {
      const answer = await fetch(`${url}${method}`, {
        method: 'POST',
        // The token goes to Slack and nowhere else.
        redirect: 'error',
        signal: AbortSignal.timeout(deadline),
        headers: { 'content-type': form ? FORM : JSON_TYPE, ...byBot(await token()) },
        body: form ? new URLSearchParams(body as Record<string, string>).toString() : JSON.stringify(body),
      })
      const retryAfter = retryAfterOf(answer.headers.get('retry-after'))
      return { status: answer.status, body: parsedBody(await answer.text()), retryAfter }
    }
    // Nothing of a message that may have been posted is posted again: the next call of `post` looks for it.
    const onlyRefused = method === 'chat.postMessage'
    const tried = await retrying(`Slack ${method}`, once, { ...options, onlyRefused })
    const answer = tried.body as Answer | null
    if (answer?.ok === true || expected.includes(answer?.error ?? '')) return answer as Answer
    throw failureOf(method, tried)
  }

/** Methods that read take no JSON. */
const READS: ReadonlySet<string> = new Set(['conversations.history', 'usergroups.users.list'])
