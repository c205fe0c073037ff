import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { openPrometheus } from '../../../effects/metrics/prometheus.ts'
import { byAws, byGiven } from '../../../effects/metrics/signing.ts'
import { NotAllowed, Refused, Unavailable } from '../../../flows/ports.ts'
import { virtualClock } from '../../../local/clock.ts'
import { metricsContract } from '../../ports/metrics.contract.ts'
import { openPrometheusStandIn } from './prometheus-stand-in.ts'

const START = Date.UTC(2026, 10, 23, 12)

metricsContract('a stand-in for Prometheus', async () => {
  const clock = virtualClock(START)
  const server = openPrometheusStandIn(clock, { scrapes: 1 })
  server.has({ alert: 'Drifts', series: 'drift_share', above: 0.5, for: 2, every: 1, labels: { severity: 'warning' } })
  return {
    metrics: server.metrics,
    expose: async (series) => {
      for (const [name, labels, value] of series) server.sets(name, labels, value)
    },
    pass: async (seconds) => clock.set(clock.now() + seconds * 1000),
    close: server.metrics.close,
  }
})

describe('a server that misbehaves', () => {
  const server = openPrometheusStandIn(virtualClock(START))
  const both = [() => server.metrics.query('up'), () => server.metrics.rules('Drifts')]
  afterEach(() => server.fails(null))

  it.each(['away', 'busy', 'partial', 'a-page'] as const)(
    'says nothing while it is %s: that is not “nothing fires”',
    async (how) => {
      server.fails(how)
      for (const ask of both) {
        await expect(ask()).rejects.toBeInstanceOf(Unavailable)
        await expect(ask()).rejects.not.toBeInstanceOf(NotAllowed)
      }
    },
  )

  it('says for how long it is to be left alone', async () => {
    server.fails('busy')
    await expect(server.metrics.query('up')).rejects.toMatchObject({ retryAfter: 20 })
  })

  it('that does not let us in is told as that, with what to look at', async () => {
    server.fails('not-allowed')
    for (const ask of both) await expect(ask()).rejects.toThrow(/403: Forbidden \(its token/)
  })
})

/** Answers one after the other, over a real connection, and notes what it was asked. */
const serving = async (answers: ((request: IncomingMessage, answer: ServerResponse) => void)[]) => {
  const asked: IncomingMessage[] = []
  const server = createServer((request, answer) => {
    asked.push(request)
    ;(answers.shift() as (typeof answers)[number])(request, answer)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, end: () => server.close() }
}

const vector = (_: unknown, answer: ServerResponse): void => {
  answer.end('{"status":"success","data":{"resultType":"vector","result":[]}}')
}

describe('over the network', () => {
  it('it asks below the address, as a console shows it too, with the token', async () => {
    const { url, asked, end } = await serving([vector, vector])
    for (const at of [`${url}/prometheus/`, `${url}/prometheus/api/v1/query`]) {
      const metrics = openPrometheus({ url: at, sign: byGiven(async () => 'a-token') })
      expect(await metrics.query('up{pod="a b"}')).toEqual([])
      await metrics.close()
    }
    end()
    for (const { url: path, headers } of asked) {
      expect(path).toBe('/prometheus/api/v1/query?query=up%7Bpod%3D%22a%20b%22%7D')
      expect(headers.authorization).toBe('Bearer a-token')
    }
  })

  it('it tries again what was no answer, and follows nobody elsewhere with its token', async () => {
    const { url, end } = await serving([
      (_, answer) => answer.writeHead(502).end('bad gateway'),
      vector,
      (_, answer) => answer.writeHead(302, { location: 'http://elsewhere.example/' }).end(),
    ])
    const metrics = openPrometheus({ url, sign: byGiven(async () => 'basic a:b'), pause: async () => undefined })
    expect(await metrics.query('up')).toEqual([])
    await expect(metrics.query('up')).rejects.toThrow('answers 302: name the address of Prometheus itself')
    await metrics.close()
    end()
  })

  it('never says what its token is, be that malformed or in the address', async () => {
    const of = (url: string, token: string) => openPrometheus({ url, sign: byGiven(async () => token), tries: 1 })
    for (const metrics of [of('http://127.0.0.1:9', 'two words'), of('http://me:two-words@127.0.0.1:9', 'none')]) {
      const said = await metrics.query('up').catch((error: Error) => error)
      expect(said).toBeInstanceOf(NotAllowed)
      expect(String(said)).not.toMatch(/two.words/)
      await metrics.close()
    }
  })
})

it('is signed as AWS checks it, with its query, for a workspace of Amazon’s', async () => {
  const sign = byAws(
    'eu-central-1',
    { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret', sessionToken: 'session' },
    () => new Date(START),
  )
  const url = new URL('https://aps-workspaces.eu-central-1.amazonaws.com/workspaces/ws-1/api/v1/query')
  const headers = await sign({ url, query: { query: 'up{pod="a b"}' } })
  expect(headers['authorization']).toMatch(
    /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20261123\/eu-central-1\/aps\/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature=[0-9a-f]{64}$/,
  )
  expect(headers).toMatchObject({ 'x-amz-date': '20261123T120000Z', 'x-amz-security-token': 'session' })
  const other = await sign({ url, query: { query: 'up{pod="a c"}' } })
  expect(other['authorization']).not.toBe(headers['authorization'])
})

it.each([
  ['a query it cannot evaluate', { status: 422, errorType: 'execution' }, Refused],
  ['a query that ran out of time', { status: 422, errorType: 'timeout' }, Unavailable],
])('tells %s as what it is', async (_, { status, errorType }, kind) => {
  const send = async () => ({ status, body: { status: 'error', errorType, error: 'words of its own' }, retryAfter: 0 })
  const metrics = openPrometheus({ url: 'http://p', send, tries: 1 })
  await expect(metrics.query('up')).rejects.toBeInstanceOf(kind)
  await expect(metrics.query('up')).rejects.toThrow('words of its own')
})

it('a rule that was never evaluated says so', async () => {
  const clock = virtualClock(START)
  const server = openPrometheusStandIn(clock)
  server.has({ alert: 'Drifts', series: 'drift_share', above: 0.5 })
  clock.set(START + 30_000)
  server.restarts()
  expect(await server.metrics.rules('Drifts')).toMatchObject([{ evaluatedAt: 0 }])
})
