import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSlackReplies } from '../../../effects/chat/slack-replies.ts'

interface Answering {
  status: number
  headers?: Record<string, string>
  /** It takes the request and is silent. */
  never?: boolean
}

let server: Server
let origin: string
let taken: { url: string; body: unknown }[]
let answering: Answering
beforeEach(async () => {
  taken = []
  answering = { status: 200 }
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    taken.push({ url: request.url ?? '', body: JSON.parse(Buffer.concat(chunks).toString()) })
    if (!answering.never) response.writeHead(answering.status, answering.headers).end('ok')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})
const replies = (deadline = 5000) => openSlackReplies({ deadline, hosts: [origin] })

describe('a reply to one person', () => {
  it('only they see it, and the card stays as it is', async () => {
    await replies().say(`${origin}/actions/T1/2/abc`, 'Not you.')
    expect(taken).toEqual([
      { url: '/actions/T1/2/abc', body: { response_type: 'ephemeral', replace_original: false, text: 'Not you.' } },
    ])
  })

  it.each([
    'https://hooks.slack.com.evil.example/actions/1',
    'http://169.254.169.254/latest/meta-data',
    'file:///etc/passwd',
    'no place',
    '',
  ])('calls nobody but Slack: %j', async (to) => {
    await replies().say(to, 'x')
    expect(taken).toEqual([])
  })

  it('calls Slack’s own places and no other unless told', async () => {
    await openSlackReplies({ deadline: 5000 }).say(`${origin}/actions/1`, 'x')
    expect(taken).toEqual([])
  })

  it.each<[string, Answering]>([
    ['says 500', { status: 500 }],
    ['sends elsewhere', { status: 307, headers: { location: '/elsewhere' } }],
    ['says nothing', { status: 200, never: true }],
  ])('is over when Slack %s, with one try', async (_, how) => {
    answering = how
    await replies(how.never ? 300 : 5000).say(`${origin}/actions/1`, 'x')
    expect(taken.map(({ url }) => url)).toEqual(['/actions/1'])
  })

  it('is over when nobody is there', async () => {
    await new Promise((resolve) => server.close(resolve))
    await expect(replies().say(`${origin}/actions/1`, 'x')).resolves.toBeUndefined()
  })
})
