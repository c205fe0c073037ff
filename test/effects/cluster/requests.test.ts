import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { KubeConfig } from '@kubernetes/client-node'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openRequests, type Requests, type RequestsOptions } from '../../../effects/cluster/requests.ts'
import { retryAfterOf } from '../../../effects/http/retrying.ts'
import { Unavailable } from '../../../flows/ports.ts'

type Reply = (request: IncomingMessage, response: ServerResponse) => void

let server: Server
let replies: Reply[]
let seen: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[]
let connections: number
let pauses: number[]
let requests: Requests

const status =
  (code: number, body: object | string = {}, headers: Record<string, string> = {}): Reply =>
  (_, response) =>
    response.writeHead(code, headers).end(typeof body === 'string' ? body : JSON.stringify(body))

const open = async (options: RequestsOptions = {}): Promise<Requests> => {
  const { port } = server.address() as { port: number }
  const config = new KubeConfig()
  config.loadFromClusterAndUser(
    { name: 'test', server: `http://127.0.0.1:${port}`, skipTLSVerify: true },
    { name: 'test', token: 'right' },
  )
  const pause = async (milliseconds: number) => void pauses.push(milliseconds)
  requests = await openRequests(config, { random: () => 0.5, pause, ...options })
  return requests
}

beforeEach(async () => {
  ;[replies, seen, pauses, connections] = [[], [], [], 0]
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body })
      const reply = replies.shift() ?? status(200)
      reply(request, response)
    })
  })
  server.on('connection', () => connections++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  await requests.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const call = { method: 'POST', path: '/apis/batch/v1/namespaces/training/jobs' } as const

describe('a request', () => {
  it('hands on what the server warns of, each by itself', async () => {
    const headers = ['warning', '299 - "violates \\"baseline\\""', 'warning', '299 - "a: hostIPC", 299 api "b"']
    replies = [(_, response) => response.writeHead(200, headers).end('{}'), status(200)]
    await open()
    expect((await requests.send(call)).warnings).toEqual(['violates "baseline"', 'a: hostIPC', 'b'])
    expect(await requests.send(call)).not.toHaveProperty('warnings')
  })

  it('has a text as it comes where it asks for one, were that JSON, and what is no answer to it parsed', async () => {
    const line = '{"level":"error","msg":"KeyError"}\n'
    replies = [status(200, line), status(200, line), status(400, { message: 'no such container' })]
    await open()
    const log = { method: 'GET', path: '/api/v1/namespaces/serving/pods/a/log', reads: 'text' } as const
    expect((await requests.send(log)).body).toBe(line)
    expect((await requests.send({ method: log.method, path: log.path })).body).toEqual({
      level: 'error',
      msg: 'KeyError',
    })
    expect((await requests.send(log)).body).toEqual({ message: 'no such container' })
  })

  it('sends the object as it is, with the token and its query', async () => {
    await (await open()).send({
      ...call,
      query: { fieldManager: 'signalbox-workload' },
      body: { spec: { unknown: 1 } },
    })
    expect(seen).toMatchObject([
      {
        method: 'POST',
        url: `${call.path}?fieldManager=signalbox-workload`,
        headers: { authorization: 'Bearer right', 'content-type': 'application/json' },
        body: '{"spec":{"unknown":1}}',
      },
    ])
  })

  it('opens no connection after its first calls', async () => {
    const { send } = await open()
    for (let n = 0; n < 5; n++) await send(call)
    const warm = connections
    for (let n = 0; n < 50; n++) await send(call)
    expect(connections).toBe(warm)
  })

  it.each([200, 201, 400, 403, 404, 409, 422])('%i is an answer, asked for once', async (code) => {
    replies = [status(code, { message: 'why' })]
    expect(await (await open()).send(call)).toMatchObject({ status: code, body: { message: 'why' } })
    expect(seen).toHaveLength(1)
  })

  it('500 about what was applied is no server that is away', async () => {
    const message =
      'failed to create typed patch object (serving/a; apps/v1, Kind=Deployment): .spec.template.spec.containers[name="sglang"].env: duplicate entries for key [name="USER"]'
    replies = [status(500, { message })]
    expect(await (await open()).send(call)).toMatchObject({ status: 422, body: { message } })
    expect(seen).toHaveLength(1)
  })

  it('an answer that is no JSON is handed on as text', async () => {
    replies = [status(200, 'line one\nline two')]
    expect((await (await open()).send(call)).body).toBe('line one\nline two')
  })
})

describe('a server that is busy or gone', () => {
  it.each([429, 500, 502, 503, 504])('%i is tried again, later each time', async (code) => {
    replies = [status(code), status(code)]
    expect(await (await open()).send(call)).toMatchObject({ status: 200 })
    expect(seen).toHaveLength(3)
    expect(pauses).toEqual([100, 200])
  })

  it('Retry-After is waited for up to 8 s, and told to the caller when it is longer', async () => {
    replies = [status(429, {}, { 'retry-after': '3' }), status(429, {}, { 'retry-after': '3600' })]
    await expect((await open()).send(call)).rejects.toMatchObject({ name: 'Unavailable', retryAfter: 3600 })
    expect(pauses).toEqual([3000])
    expect(seen).toHaveLength(2)
  })

  it('a Retry-After that is a date is understood, and one that is nothing asks for nothing', () => {
    const now = Date.UTC(2026, 10, 24, 12)
    expect(retryAfterOf('Tue, 24 Nov 2026 12:00:05 GMT', now)).toBe(5)
    expect(retryAfterOf('Tue, 24 Nov 2026 11:00:00 GMT', now)).toBe(0)
    expect([retryAfterOf('3'), retryAfterOf('soon'), retryAfterOf(null)]).toEqual([3, 0, 0])
  })

  it('is given up after five tries, with the call and the reason', async () => {
    replies = Array.from({ length: 5 }, () => status(503, { message: 'etcd is away' }))
    const failed = (await open()).send(call)
    await expect(failed).rejects.toThrow(Unavailable)
    await expect(failed).rejects.toThrow(`POST ${call.path}: it answers 503: etcd is away`)
    expect(seen).toHaveLength(5)
  })

  it('a connection that is cut is tried again', async () => {
    replies = [(request) => request.socket.destroy()]
    expect(await (await open()).send(call)).toMatchObject({ status: 200 })
  })

  it('an answer that never comes ends at the deadline', async () => {
    replies = [() => undefined]
    expect(await (await open({ deadline: 500 })).send(call)).toMatchObject({ status: 200 })
    expect(seen.length).toBeGreaterThan(1)
  })

  it('nobody at the address: says what the system says', async () => {
    const { send } = await open({ tries: 2 })
    const { port } = server.address() as { port: number }
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await expect(send(call)).rejects.toThrow(new RegExp(`ECONNREFUSED 127.0.0.1:${port}`))
  })
})

describe('a token that has expired', () => {
  it('is asked for again, once', async () => {
    replies = [status(401)]
    expect(await (await open()).send(call)).toMatchObject({ status: 200 })
    replies = [status(401), status(401)]
    expect(await requests.send(call)).toMatchObject({ status: 401 })
    expect(seen).toHaveLength(4)
    expect(pauses).toEqual([])
  })
})
