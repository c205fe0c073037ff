import { afterEach, beforeEach, expect, it } from 'vitest'
import { Unavailable } from '../../flows/ports.ts'
import { signGrafana } from '../../functions/signatures.ts'
import { samplesOf } from '../events/samples.ts'
import { openTown, type Town } from '../journeys/town.ts'

let town: Town
let published: unknown[]
let away = false
beforeEach(async () => {
  published = []
  away = false
  const bus = {
    publish: async (events: readonly unknown[]) => {
      if (away) throw new Unavailable('EventBridge does not answer')
      published.push(...events)
    },
  }
  town = await openTown({ wrap: (ports) => ({ ...ports, bus }) })
})
afterEach(() => town.close())

const FIRING = samplesOf('drift-detected').find(({ name }) => name === 'alertmanager-0-34-firing')?.request?.body ?? ''
const secret = async () => (await town.house.secrets()).alerts
const bearer = async () => ({ authorization: `Bearer ${await secret()}` })
const send = async (text: string, headers: Record<string, string>) =>
  town.house.webhook('alerts', { headers, body: Buffer.from(text) })
const counts = () => town.house.ports.ledger.counts()

it('alerts are put on our bus, each by itself, and decide nothing there', async () => {
  expect(await send(FIRING, await bearer())).toEqual({ status: 202, body: { accepted: 1, refused: 0, truncated: 0 } })
  expect(published).toMatchObject([
    { source: 'signalbox.alerts', detailType: 'Alert Changed', detail: { status: 'firing' } },
  ])
  expect(await town.house.ports.ledger.lanes()).toEqual([])
})

it('takes the secret as a bearer token, as the password of basic authentication, and in Grafana’s signature', async () => {
  const basic = Buffer.from(`alertmanager:${await secret()}`).toString('base64')
  const signed = signGrafana({ secret: await secret(), body: Buffer.from(FIRING), now: town.house.clock.now() })
  for (const headers of [await bearer(), { Authorization: `basic ${basic}` }, signed])
    expect(await send(FIRING, headers)).toMatchObject({ status: 202 })
  expect(published).toHaveLength(3)
})

it.each<[string, (secret: string, now: number) => Record<string, string>, string]>([
  ['no secret', () => ({}), 'bad-signature'],
  ['another one', () => ({ authorization: 'Bearer guessed' }), 'bad-signature'],
  [
    'the secret as the user’s name',
    (secret) => ({ authorization: `Basic ${Buffer.from(`${secret}:`).toString('base64')}` }),
    'bad-signature',
  ],
  [
    'Grafana’s signature of another body',
    (secret, now) => signGrafana({ secret, body: Buffer.from('{}'), now }),
    'bad-signature',
  ],
  [
    'Grafana’s signature without a time',
    (secret, now) => ({
      ...signGrafana({ secret, body: Buffer.from(FIRING), now }),
      'x-grafana-alerting-timestamp': undefined as never,
    }),
    'bad-signature',
  ],
  [
    'a copy of Grafana’s, ten minutes later',
    (secret, now) => signGrafana({ secret, body: Buffer.from(FIRING), now: now - 600_000 }),
    'stale-signature',
  ],
])('%s is refused, and nothing is written but a number', async (_, headersOf, reason) => {
  const headers = headersOf(await secret(), town.house.clock.now())
  expect(await send(FIRING, headers)).toMatchObject({ status: 401, body: { refused: reason } })
  expect(published).toEqual([])
  expect(await counts()).toEqual({ [`refused:${reason}`]: 1 })
  expect(await town.house.ports.ledger.moments(null)).toEqual([])
})

it('one alert that cannot be read loses no other, and is written down; all of them are answered with why', async () => {
  const { alerts } = JSON.parse(FIRING) as { alerts: object[] }
  const wrong = { ...alerts[0], startsAt: 'soon' }
  expect(await send(JSON.stringify({ alerts: [wrong, alerts[0]], truncatedAlerts: 3 }), await bearer())).toEqual({
    status: 202,
    body: { accepted: 1, refused: 1, truncated: 3 },
  })
  expect((await town.house.ports.ledger.moments(null)).map(({ text }) => text)).toEqual([
    expect.stringContaining('truncatedAlerts: 3 alerts were left out: group by more labels'),
    expect.stringContaining('alerts.0: startsAt: soon is no time'),
  ])
  expect(await send(JSON.stringify({ alerts: [wrong] }), await bearer())).toMatchObject({ status: 400 })
  const test = samplesOf('drift-detected').find(({ name }) => name === 'grafana-test')?.request?.body ?? ''
  expect(await send(test, await bearer())).toMatchObject({ status: 202, body: { accepted: 0, refused: 1 } })
})

it('takes a storm in one group: thousands of alerts with all that they say, and no more than a function may be given', async () => {
  const { alerts } = JSON.parse(FIRING) as { alerts: { annotations: object }[] }
  const alert = { ...alerts[0], annotations: { ...alerts[0]?.annotations, description: 'd'.repeat(500) } }
  const body = (count: number) => JSON.stringify({ alerts: Array.from({ length: count }, () => alert) })
  const each = JSON.stringify(alert).length
  expect([each > 700, 4000 * each < 4 * 1024 * 1024]).toEqual([true, true])
  expect(await send(body(4000), await bearer())).toEqual({
    status: 202,
    body: { accepted: 4000, refused: 0, truncated: 0 },
  })
  expect(published).toHaveLength(4000)
  expect(await send(body(Math.ceil((4 * 1024 * 1024) / each)), await bearer())).toMatchObject({ status: 413 })
  expect(await counts()).toMatchObject({ 'refused:too-large': 1 })
})

it('is told to come again where our bus takes nothing: Alertmanager repeats that and nothing else', async () => {
  away = true
  await expect(send(FIRING, await bearer())).rejects.toThrow(Unavailable)
})
