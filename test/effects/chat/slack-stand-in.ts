import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Block, whyRefused } from '../../../effects/chat/limits.ts'
import { openSlack } from '../../../effects/chat/slack-chat.ts'
import type { Ledger } from '../../../flows/ledger-port.ts'
import { memoryLedger } from '../../../local/ledger/memory-ledger.ts'

interface Message {
  channel: string
  ts: string
  blocks: { text?: { text: string } }[]
  metadata: unknown
}

/** As Slack takes it: a method that reads is asked by a form. */
const inputOf = (method: string, text: string): unknown =>
  method === 'conversations.history' || method === 'usergroups.users.list'
    ? Object.fromEntries(new URLSearchParams(text))
    : JSON.parse(text)

/** Slack's Web API as far as we speak it: a stand-in of ours. */
export const openSlackStandIn = async (ledger: Pick<Ledger, 'read' | 'commit'> = memoryLedger()) => {
  const messages: Message[] = []
  /** Channels that people have archived. */
  const archived = new Set<string>()
  let posted = 0
  const errors: { method: string; status: number; body: object; after?: boolean; retryAfter?: number }[] = []
  const pauses: number[] = []
  const calls: string[] = []
  const replies: { method: string; text: string }[] = []
  const refusalOf = (channel: string, blocks: Message['blocks']): object | null => {
    if (archived.has(channel)) return { ok: false, error: 'is_archived' }
    const [error, ...messages] = whyRefused(blocks as Block[])?.split(': ') ?? []
    return error === undefined ? null : { ok: false, error, response_metadata: { messages } }
  }
  const methods: Record<string, (input: Omit<Message, 'ts'> & { ts: string }) => object> = {
    'chat.postMessage': ({ channel, blocks, metadata }) => {
      const refused = refusalOf(channel, blocks)
      if (refused !== null) return refused
      const ts = `1795428000.${String(posted++).padStart(6, '0')}`
      messages.unshift({ channel, ts, blocks, metadata })
      return { ok: true, channel, ts }
    },
    'chat.update': ({ channel, ts, blocks }) => {
      const refused = refusalOf(channel, blocks)
      if (refused !== null) return refused
      const found = messages.find((message) => message.ts === ts && message.channel === channel)
      if (found === undefined) return { ok: false, error: 'message_not_found' }
      found.blocks = blocks
      return { ok: true, channel, ts }
    },
    'usergroups.users.list': (input) =>
      (input as unknown as { usergroup: string }).usergroup === 'S0GPUOPS'
        ? { ok: true, users: ['U0APPROVER', 'U0BEN'] }
        : { ok: false, error: 'no_such_subteam' },
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
    // A reply to one person: its address is all that it needs.
    if (method.startsWith('actions/')) {
      replies.push({ method, ...(JSON.parse(Buffer.concat(chunks).toString()) as { text: string }) })
      return void response.end('ok')
    }
    const error = errors[0]?.method === method ? errors.shift() : undefined
    const does = methods[method]
    if (does === undefined || request.headers.authorization !== 'Bearer xoxb-test')
      return void response.writeHead(404).end()
    const answer =
      error === undefined || error.after ? does(inputOf(method, Buffer.concat(chunks).toString()) as never) : error.body
    const headers = error?.retryAfter === undefined ? {} : { 'retry-after': String(error.retryAfter) }
    response.writeHead(error?.status ?? 200, headers).end(JSON.stringify(error?.body ?? answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const chat = openSlack({
    token: async () => 'xoxb-test',
    ledger,
    clock: { now: () => Date.now() },
    url,
    pause: async (ms) => pauses.push(ms),
  })
  /** A person deletes a message. */
  const remove = async ({ channel, ts }: { channel: string; ts: string }): Promise<void> => {
    const at = messages.findIndex((message) => message.channel === channel && message.ts === ts)
    if (at >= 0) messages.splice(at, 1)
  }
  const archive = async (channel: string, isArchived: boolean): Promise<void> =>
    void (isArchived ? archived.add(channel) : archived.delete(channel))
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { url, chat, messages, replies, errors, calls, pauses, remove, archive, close }
}
