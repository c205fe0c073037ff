import fc from 'fast-check'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { ROUTES } from '../../../local/registry/rest.ts'
import { appOf } from '../../../local/server/server.ts'
import { HOSTILE, TOO_MUCH, TYPES } from '../../hostile-bodies.ts'
import { openTown } from '../../journeys/town.ts'

let written: object[] = []
const town = await openTown({
  wrap: (ports) => ({
    ...ports,
    ledger: {
      ...ports.ledger,
      commit: async (writes, ...more) => {
        written.push(...writes)
        return ports.ledger.commit(writes, ...more)
      },
    },
  }),
})
const app = appOf({ house: town.house, port: 4680, version: 'test', token: 'test-token' })
beforeEach(() => {
  written = []
})
afterAll(() => town.close())

/** Every route, as the server lists them itself, so that a new one is among them; of the registry's, each that it answers. */
const routes = app.routes
  .filter(({ path }) => path !== '/*')
  .flatMap(({ method, path }) =>
    path.endsWith('*')
      ? Object.keys(ROUTES).map((route) => route.split(' ').join(` ${path.slice(0, -1)}`))
      : [`${method} ${path.replaceAll(/:[a-z]+/g, 'x')}`],
  )
const reading = routes.filter((route) => route.startsWith('GET '))
/** The tour reads no body at all. */
const taking = routes.filter((route) => !route.startsWith('GET ') && route !== 'POST /api/tour')
const isWebhook = (route: string): boolean => /webhooks|slack/.test(route)

const ask = async (route: string, { headers = {}, ...init }: RequestInit & { query?: string } = {}) => {
  const [method = '', path = ''] = route.split(' ')
  const before = performance.now()
  const answer = await app.request(`http://127.0.0.1:4680${path}${init.query ?? ''}`, {
    ...init,
    method,
    headers: { host: '127.0.0.1:4680', authorization: 'Bearer test-token', ...headers },
  })
  expect(performance.now() - before, route).toBeLessThan(5000)
  return answer
}
/** Refused: by its status, or as events are, each of which is answered by itself. */
const isRefused = async (answer: Response): Promise<boolean> => {
  if (answer.status !== 202) return answer.status >= 400 && answer.status < 500
  const { events = [] } = (await answer.json()) as { events?: { kind: string }[] }
  return events.length > 0 && events.every(({ kind }) => kind === 'refused')
}

it('every route that takes a body is looked at', () => {
  expect(taking).toEqual(
    expect.arrayContaining([
      'POST /events',
      'POST /webhooks/mlflow',
      'POST /webhooks/alerts',
      'POST /slack/interactions',
      'POST /slack/commands',
      'POST /api/2.0/mlflow/model-versions/create',
      'POST /api/plans/x/answers',
      'POST /api/questions/x/answers',
      'POST /api/commands',
      'POST /api/plan',
    ]),
  )
  expect(reading.length).toBeGreaterThan(15)
})

describe.each(taking)('%s', (route) => {
  // What a body is said to be goes round: each body is of each type on some route, and each route is told each type.
  const typed = HOSTILE.map(
    ([name, body], n) => [name, body, TYPES[(n + taking.indexOf(route)) % TYPES.length] ?? ''] as const,
  )
  it.each(typed)('%s', async (_, body, type) => {
    const answer = await ask(route, { body: body as Uint8Array<ArrayBuffer>, headers: { 'content-type': type } })
    expect(await isRefused(answer), String(answer.status)).toBe(true)
    const kinds = new Set(written.map((write) => Object.keys(write)[0]))
    for (const kind of kinds) expect(isWebhook(route) ? ['count'] : ['count', 'moment']).toContain(kind)
    expect(({} as { polluted?: true }).polluted).toBeUndefined()
  })

  it.each(['that says its size', 'that does not say where it ends'])(
    'too much, %s, is read no further',
    async (how) => {
      let pulled = 0
      const piece = new Uint8Array(64 * 1024).fill(0x20)
      const endless = new ReadableStream({
        pull: (controller) => {
          pulled += piece.length
          controller.enqueue(piece)
        },
      })
      const headers = how === 'that says its size' ? { 'content-length': String(TOO_MUCH) } : {}
      const answer = await ask(route, { body: endless, headers, duplex: 'half' } as RequestInit)
      expect(answer.status).toBe(413)
      expect(pulled).toBeLessThan(2 * TOO_MUCH)
      expect(written).toEqual([])
    },
  )
})

/** A body that nobody may read. */
const unread = () =>
  ({
    body: new ReadableStream({ pull: () => expect.unreachable('it was read') }, { highWaterMark: 0 }),
    duplex: 'half',
  }) as RequestInit

const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`
const NOT_OURS = [
  ...['', 'test-token', 'Bearer', 'Bearer ', 'Bearer nearly', 'Bearer test-tokem', 'Bearer test-token test-token'],
  ...['Basic test-token', basic('test-token'), basic(''), basic('a:'), basic('test-token:a'), basic('a:b:test-token')],
]
/** The doors whose producers sign what they send. */
const SIGNED = ['POST /webhooks/mlflow', 'POST /webhooks/alerts', 'POST /slack/interactions', 'POST /slack/commands']

it('who has no token acts nowhere, and nothing of theirs is read', async () => {
  // Each method at each path, also where nobody answers it today.
  const paths = new Set([...routes.map((route) => route.split(' ')[1]), '/nowhere'])
  const writes = [...paths].flatMap((path) =>
    ['POST', 'PUT', 'PATCH', 'DELETE', 'LINK'].map((does) => `${does} ${path}`),
  )
  expect(writes).toEqual(expect.arrayContaining([...taking, 'POST /api/tour']))
  for (const route of writes.filter((route) => !SIGNED.includes(route)))
    for (const authorization of NOT_OURS) {
      const answer = await ask(route, { ...unread(), headers: { authorization } })
      expect(answer.status, `${route} by ${authorization}`).toBe(401)
      expect(await answer.json()).toMatchObject({ error: 'no-token', detail: expect.stringContaining('secrets.json') })
    }
  expect(written).toEqual([])
})

it('where a signature takes the place of the token, it does so for whoever has the token too', async () => {
  for (const route of SIGNED) expect((await ask(route, { body: '{}' })).status, route).toBe(401)
  expect(new Set(written.flatMap((write) => Object.keys(write).slice(0, 1)))).toEqual(new Set(['count']))
})

it.each(['Bearer test-token', 'bearer test-token', basic('ana:test-token'), basic(':test-token')])(
  'the token counts as MLflow’s clients send it: %s',
  async (authorization) => {
    expect((await ask('POST /api/tour', { headers: { authorization } })).status).toBe(200)
    const answer = await ask('POST /api/2.0/mlflow/model-versions/create', { body: '{}', headers: { authorization } })
    expect(answer.status).toBe(400)
  },
)

it('the tour reads no body', async () => {
  expect((await ask('POST /api/tour', unread())).status).toBe(200)
})

it('never gives 5xx, whatever is posted wherever', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...taking), fc.oneof(fc.json(), fc.string()), async (route, body) => {
      const sent = route === 'POST /api/plan' ? `{"event":${body}}` : body
      expect((await ask(route, { body: sent })).status).toBeLessThan(500)
    }),
    { numRuns: 200 },
  )
})

it.each(reading)('%s, asked for what nobody asks for', async (route) => {
  for (const value of [
    '',
    '%00',
    '%ff',
    '%f0%9f',
    '__proto__',
    'constructor',
    '../../x',
    'x'.repeat(100_000),
    '-1',
    '1e999',
  ])
    for (const query of [
      `?lane=${value}&before=${value}`,
      `?lane=${value}&lane=x`,
      `?name=${value}&version=${value}&filter=${value}&alias=${value}`,
    ]) {
      const answer = await ask(route, { query })
      expect(answer.status, query.slice(0, 60)).toBeLessThan(500)
      await answer.body?.cancel()
    }
  expect(written).toEqual([])
})
