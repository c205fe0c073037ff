import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, describe, expect, it } from 'vitest'
import { openSlack } from '../../../effects/chat/slack-chat.ts'
import type { Card } from '../../../flows/ports.ts'
import { openLedger } from '../../../local/ledger/sqlite-ledger.ts'
import { chatContract } from '../../ports/chat.contract.ts'

interface Message {
  channel: string
  ts: string
  blocks: { text?: { text: string } }[]
  metadata: unknown
}

/** Slack's Web API as far as we speak it: a stand-in of ours. */
const openStandIn = async () => {
  const messages: Message[] = []
  const errors: { method: string; status: number; body: object; after?: boolean }[] = []
  const calls: string[] = []
  const methods: Record<string, (input: Omit<Message, 'ts'> & { ts: string }) => object> = {
    'chat.postMessage': ({ channel, blocks, metadata }) => {
      const ts = `1795428000.${String(messages.length).padStart(6, '0')}`
      messages.unshift({ channel, ts, blocks, metadata })
      return { ok: true, channel, ts }
    },
    'chat.update': ({ channel, ts, blocks }) => {
      const found = messages.find((message) => message.ts === ts && message.channel === channel)
      if (found === undefined) return { ok: false, error: 'message_not_found' }
      found.blocks = blocks
      return { ok: true, channel, ts }
    },
    'conversations.history': ({ channel }) => ({
      ok: true,
      messages: messages.filter((message) => message.channel === channel),
    }),
  }
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const method = (request.url ?? '').slice(1)
    calls.push(method)
    const error = errors[0]?.method === method ? errors.shift() : undefined
    const does = methods[method]
    if (does === undefined || request.headers.authorization !== 'Bearer xoxb-test')
      return void response.writeHead(404).end()
    const answer =
      error === undefined || error.after ? does(JSON.parse(Buffer.concat(chunks).toString()) as never) : error.body
    response.writeHead(error?.status ?? 200).end(JSON.stringify(error?.body ?? answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const chat = openSlack({
    token: async () => 'xoxb-test',
    ledger: openLedger(new DatabaseSync(':memory:')),
    clock: { now: () => 1 },
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    pause: async () => undefined,
  })
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { chat, messages, errors, calls, close }
}

chatContract('Slack', async () => {
  const { chat, messages, close } = await openStandIn()
  return { chat, titles: async () => messages.map(({ blocks }) => blocks[0]?.text?.text ?? ''), close }
})

const card: Card = { title: 'Approve?', facts: [], lines: [], question: 'q-1', tone: 'asking' }

describe('when Slack fails in the middle', () => {
  let opened: Awaited<ReturnType<typeof openStandIn>>
  afterEach(() => opened.close())

  it('finds the message whose posting was cut off, and posts no other', async () => {
    opened = await openStandIn()
    opened.errors.push({ method: 'chat.postMessage', status: 502, body: {}, after: true })
    await expect(opened.chat.post('C1', 'k', card)).rejects.toThrow('Slack chat.postMessage: it answers 502')
    expect(await opened.chat.post('C1', 'k', { ...card, title: 'again' })).toEqual({
      channel: 'C1',
      ts: opened.messages[0]?.ts,
    })
    expect(opened.messages).toHaveLength(1)
    expect(opened.messages[0]?.blocks[0]?.text?.text).toBe('again')
  })

  it('two at once who post the same key make one message after the first that lands', async () => {
    opened = await openStandIn()
    await opened.chat.post('C1', 'k', card)
    await Promise.all([opened.chat.post('C1', 'k', card), opened.chat.post('C1', 'k', card)])
    expect(opened.messages).toHaveLength(1)
  })

  it('waits when it is told to, and says how to mend what waiting does not', async () => {
    opened = await openStandIn()
    const at = await opened.chat.post('C1', 'k', card)
    opened.errors.push({ method: 'chat.update', status: 429, body: { ok: false, error: 'ratelimited' } })
    await opened.chat.update(at, card)
    expect(opened.calls.filter((call) => call === 'chat.update')).toHaveLength(2)
    opened.errors.push({ method: 'chat.update', status: 200, body: { ok: false, error: 'not_in_channel' } })
    await expect(opened.chat.update(at, card)).rejects.toThrow('not_in_channel (invite the app to the channel)')
  })
})
