import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Card } from '../../../core/cards.ts'
import { openSlack } from '../../../effects/chat/slack-chat.ts'
import { NotAllowed, Refused, Unavailable } from '../../../flows/ports.ts'
import { memoryLedger } from '../../../local/ledger/memory-ledger.ts'
import { chatContract } from '../../ports/chat.contract.ts'
import { openSlackStandIn } from './slack-stand-in.ts'

chatContract('Slack', async () => {
  const { chat, messages, remove, archive, close } = await openSlackStandIn()
  const titles = async () => messages.map(({ blocks }) => blocks[0]?.text?.text ?? '')
  return { chat, titles, group: 'T0SIGNAL/S0GPUOPS', remove, archive, close }
})

const card: Card = { title: 'Approve?', facts: [], lines: [], question: 'q-1', tone: 'asking' }
const ended: Card = { ...card, title: 'Ended', question: null }

let opened: Awaited<ReturnType<typeof openSlackStandIn>>
beforeEach(async () => {
  opened = await openSlackStandIn()
})
afterEach(() => opened.close())

const post = (key = 'k', shown = card) => opened.chat.post('C1', key, shown)
const failing = (method: string, error: object | string, given: object = {}) =>
  opened.errors.push({
    method,
    status: 200,
    body: { ok: false, ...(typeof error === 'string' ? { error } : error) },
    ...given,
  })
const called = (method: string) => opened.calls.filter((call) => call === method).length

describe('when Slack fails in the middle', () => {
  it('finds the message whose posting was cut off, and posts no other', async () => {
    opened.errors.push({ method: 'chat.postMessage', status: 502, body: {}, after: true })
    await expect(post()).rejects.toThrow('Slack chat.postMessage: it answers 502')
    expect(await post('k', ended)).toEqual({ channel: 'C1', ts: opened.messages[0]?.ts })
    expect(opened.messages).toHaveLength(1)
    expect(opened.messages[0]?.blocks[0]?.text?.text).toBe('Ended')
  })

  it('two at once who post the same key make one message after the first that lands', async () => {
    await post()
    await Promise.all([post(), post()])
    expect(opened.messages).toHaveLength(1)
  })

  it('comes back when it is told to, and does not wait here for half a minute', async () => {
    await post()
    failing('chat.update', 'ratelimited', { status: 429, retryAfter: 3 })
    await post()
    expect(opened.pauses).toEqual([3000])
    failing('chat.update', 'ratelimited', { status: 429, retryAfter: 30 })
    await expect(post()).rejects.toMatchObject({ name: 'Unavailable', retryAfter: 30 })
    expect(called('chat.update')).toBe(3)
  })

  it('posts again what was not taken for their number, and nothing else', async () => {
    failing('chat.postMessage', 'ratelimited', { status: 429 })
    await post()
    expect(opened.messages).toHaveLength(1)
  })
})

it('a redirect is not followed with the token', async () => {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.writeHead(307, { location: '/elsewhere' }).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const chat = openSlack({ token: async () => 'xoxb', ledger: memoryLedger(), clock: { now: () => 0 }, url, tries: 1 })
  await expect(chat.post('C1', 'k', card)).rejects.toThrow(Unavailable)
  expect(new Set(asked)).toEqual(new Set(['/chat.postMessage']))
  server.closeAllConnections()
  server.close()
})

describe('a card that is there no more', () => {
  it.each(['message_not_found', 'cant_update_message', 'edit_window_closed'])(
    '%s: its place is forgotten, and it is posted anew without being looked for',
    async (error) => {
      const first = await post()
      failing('chat.update', error)
      const again = await post('k', ended)
      expect(again).not.toEqual(first)
      expect(called('conversations.history')).toBe(0)
      expect(await post('k', ended)).toEqual(again)
    },
  )

  it('posted anew, and cut off in between: found by the next, of several the newest', async () => {
    await post()
    failing('chat.update', 'cant_update_message')
    opened.errors.push({ method: 'chat.postMessage', status: 502, body: {}, after: true })
    await expect(post('k', ended)).rejects.toBeInstanceOf(Unavailable)
    expect(await post('k', ended)).toEqual({ channel: 'C1', ts: opened.messages[0]?.ts })
    expect(opened.messages).toHaveLength(2)
  })

  it('found, and not to be changed either: another is posted', async () => {
    const ledger = memoryLedger()
    await ledger.commit([{ put: 'card', id: 'C1/k', revision: 0, value: { channel: 'C1', key: 'k', ts: null, at: 0 } }])
    const other = await openSlackStandIn(ledger)
    const metadata = { event_type: 'signalbox_card', event_payload: { key: 'k' } }
    other.messages.push({ channel: 'C1', ts: '1.000001', blocks: [], metadata })
    other.errors.push({ method: 'chat.update', status: 200, body: { ok: false, error: 'cant_update_message' } })
    expect(await other.chat.post('C1', 'k', card)).toEqual({ channel: 'C1', ts: other.messages[0]?.ts })
    expect(other.messages).toHaveLength(2)
    await other.close()
  })
})

describe('what Slack does not do', () => {
  it.each([
    ['is_archived', 'unarchive the channel'],
    ['channel_not_found', 'write the channel’s id into approvals.channel'],
    ['not_in_channel', 'invite the app to the channel'],
    ['invalid_auth', 'slack-bot-token'],
    ['not_authed', 'slack-bot-token'],
    ['token_revoked', 'slack-bot-token'],
    ['token_expired', 'slack-bot-token'],
    ['account_inactive', 'install the app again'],
    ['missing_scope', 'add the scopes of docs/deploy.md'],
    ['no_permission', 'add the scopes of docs/deploy.md'],
    ['restricted_action', 'let the app post there'],
    ['msg_too_long', 'please report this line'],
    ['invalid_blocks', 'please report this line'],
  ])('%s is refused in its word, with the fix, once', async (error, fix) => {
    failing('chat.postMessage', error)
    const refused = post()
    await expect(refused).rejects.toBeInstanceOf(Refused)
    await expect(refused).rejects.toThrow(`Slack chat.postMessage: ${error} (`)
    await expect(refused).rejects.toThrow(fix)
    expect(called('chat.postMessage')).toBe(1)
    // Once an operator has mended it, the same telling goes through.
    await post()
    expect(opened.messages).toHaveLength(1)
  })

  it('a word that we do not know is refused as it is: it holds up no other card', async () => {
    failing('chat.postMessage', 'something_new')
    await expect(post()).rejects.toThrow(new Refused('Slack chat.postMessage: something_new'))
  })

  it('says which scope is missing, and what is wrong with an argument', async () => {
    failing('chat.postMessage', { error: 'missing_scope', needed: 'chat:write' })
    await expect(post()).rejects.toThrow('missing_scope: chat:write (')
    const messages = ['[ERROR] must be less than 76 characters']
    failing('chat.postMessage', { error: 'invalid_blocks', response_metadata: { messages } })
    await expect(post('other')).rejects.toThrow('invalid_blocks: [ERROR] must be less than 76 characters (')
  })

  it.each([
    'ratelimited',
    'internal_error',
    'fatal_error',
    'service_unavailable',
    'request_timeout',
    'team_added_to_org',
    'team_access_not_granted',
  ])('%s passes: unavailable, for as long as it asks', async (error) => {
    failing('chat.postMessage', error, { retryAfter: 7 })
    const failed = post()
    await expect(failed).rejects.toBeInstanceOf(Unavailable)
    await expect(failed).rejects.toMatchObject({ retryAfter: 7 })
  })

  it('an answer that is not Slack’s is that of something in between', async () => {
    opened.errors.push({ method: 'chat.postMessage', status: 403, body: ['a proxy'] })
    await expect(post()).rejects.toBeInstanceOf(NotAllowed)
    opened.errors.push({ method: 'conversations.history', status: 200, body: ['a proxy'] })
    await expect(post()).rejects.toThrow('it answers 200, and not as Slack does')
  })
})

describe('who is in a user group', () => {
  it('nobody when it is not there; otherwise errors are told as those of a card', async () => {
    expect(await opened.chat.members('T0SIGNAL/S0GONE')).toEqual([])
    failing('usergroups.users.list', 'missing_scope')
    await expect(opened.chat.members('T0SIGNAL/S0GPUOPS')).rejects.toBeInstanceOf(Refused)
    failing('usergroups.users.list', 'internal_error')
    await expect(opened.chat.members('T0SIGNAL/S0GPUOPS')).rejects.toBeInstanceOf(Unavailable)
  })
})
