import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import type { Ports } from '../../flows/ports.ts'
import type { Door, Trigger } from '../../functions/door.ts'
import type { HttpAnswer, HttpEvent } from '../../functions/http.ts'
import { type Signed, signGrafana, signMlflow, signSlack } from '../../functions/signatures.ts'
import { samplesOf } from '../events/samples.ts'
import { HOSTILE, TOO_MUCH, TYPES } from '../hostile-bodies.ts'
import { openTown } from '../journeys/town.ts'

type AnyDoor = Door<keyof Ports, unknown, unknown>

/** Every file of the room that makes a door: a new one is among them. */
const files = readdirSync('functions').filter(
  (file) => file.endsWith('.ts') && /= defineDoor\(/.test(readFileSync(`functions/${file}`, 'utf8')),
)
const doors: AnyDoor[] = await Promise.all(
  files.map(async (file) => ((await import(`../../functions/${file}`)) as { door: AnyDoor }).door),
)
const wokenBy = (kind: Trigger['kind']): AnyDoor[] => doors.filter(({ trigger }) => trigger.kind === kind)

/** How each door of the outside is signed to: a new one needs its line. */
const SIGNED: Record<string, (signed: Omit<Signed, 'headers'>) => Record<string, string>> = {
  'alert-webhook': signGrafana,
  'registry-webhook': (given) => signMlflow({ ...given, deliveryId: 'd-1' }),
  'slack-command': signSlack,
  'slack-interaction': signSlack,
}
const SECRETS = {
  'registry-webhook': 'mlflow',
  'slack-interaction': 'slack',
  'slack-command': 'slack',
  'alert-webhook': 'alerts',
} as Record<string, 'mlflow' | 'slack' | 'alerts'>

/** A good one of whom no contract of its own name tells. */
const GOOD: Record<string, object> = {
  'budget-notice': {
    Records: [
      { EventSource: 'aws:sns', Sns: samplesOf('budget-crossed').find(({ name }) => name === 'actual')?.message },
    ],
  },
}
const given = [...wokenBy('bus'), ...wokenBy('topic')]

let written: object[] = []
const town = await openTown({
  wrap: (ports) => ({
    ...ports,
    bus: { publish: async (events) => void written.push(...events) },
    ledger: {
      ...ports.ledger,
      commit: async (writes, ...more) => {
        written.push(...writes)
        return ports.ledger.commit(writes, ...more)
      },
    },
  }),
})
beforeEach(() => {
  written = []
})
afterAll(() => town.close())

const kindsOf = (writes: readonly object[]): string[] => [
  ...new Set(writes.map((write) => Object.keys(write)[0] ?? '')),
]

/** What a door answers, within 5 s. */
const within = async <T>(answer: Promise<T>): Promise<T> => {
  const before = performance.now()
  const given = await answer
  expect(performance.now() - before).toBeLessThan(5000)
  return given
}
const send = (door: AnyDoor, event: Partial<HttpEvent>): Promise<HttpAnswer> =>
  within(
    door.handler(town.house.ports)({
      version: '2.0',
      rawPath: '/',
      headers: {},
      isBase64Encoded: false,
      ...event,
    } satisfies HttpEvent) as Promise<HttpAnswer>,
  )
const signed = async ({ name }: AnyDoor, body: Uint8Array): Promise<Record<string, string>> => {
  const secret = (await town.house.secrets())[SECRETS[name] ?? 'mlflow']
  return SIGNED[name]?.({ secret, body, now: town.house.clock.now() }) ?? {}
}
const whole = (body: Uint8Array): Pick<HttpEvent, 'body' | 'isBase64Encoded'> => ({
  body: Buffer.from(body).toString('base64'),
  isBase64Encoded: true,
})

it('every door is looked at, each has its handler in AWS, and whoever is reached from outside is signed to', () => {
  expect(doors.map(({ name }) => `${name}.ts`)).toEqual(files)
  expect(readdirSync('functions/aws-binding/doors')).toEqual(files)
  expect(wokenBy('http').map(({ name }) => name)).toEqual(Object.keys(SIGNED))
  const others = [...wokenBy('schedule'), ...wokenBy('queue')].map(({ name }) => name)
  // Nothing of what a stranger sends comes to them: AWS wakes them with what our bindings make.
  expect(others.sort()).toEqual(['meter', 'reconcile', 'resync', 'tick', 'watch'])
  expect(doors).toHaveLength(wokenBy('http').length + given.length + others.length)
})

describe.each(wokenBy('http'))('$name', (door) => {
  /** As bodies, and as what a form's one field says. */
  const rows = [
    ...HOSTILE,
    ...HOSTILE.map(
      ([name, body]) =>
        [
          `a form that says ${name}`,
          Buffer.from(`payload=${encodeURIComponent(Buffer.from(body).toString('latin1'))}`),
        ] as const,
    ),
    ['a form that says it twice', Buffer.from('payload=%7B%7D&payload=%7B%7D')],
    ['a form that says no UTF-8', Buffer.from([...Buffer.from('payload='), 0xff])],
  ] as const

  it.each(rows)('unsigned: %s', async (_, body) => {
    for (const given of [whole(body), { body: Buffer.from(body).toString('latin1') }])
      expect((await send(door, given)).statusCode).toBe(401)
    expect(kindsOf(written)).toEqual(['count'])
  })

  it.each(rows)('signed: %s', async (_, body) => {
    const headers = await signed(door, body)
    for (const type of TYPES) {
      const { statusCode } = await send(door, { ...whole(body), headers: { ...headers, 'Content-Type': type } })
      expect(statusCode, type).toBe(400)
    }
    expect(kindsOf(written)).toEqual(['moment', 'count'])
    expect(JSON.stringify(written).length).toBeLessThan(4 * 1000)
    expect(({} as { polluted?: true }).polluted).toBeUndefined()
  })

  it.each([
    ['no body', {}],
    ['no base64', { body: '%%% \u00ff\ud800', isBase64Encoded: true }],
    ['half of base64', { body: 'e30', isBase64Encoded: true }],
    ['base64 that is not said to be', { body: 'e30=' }],
  ] as [string, Partial<HttpEvent>][])('%s', async (_, given) => {
    expect((await send(door, given)).statusCode).toBe(401)
    expect(kindsOf(written)).toEqual(['count'])
    const bytes = Buffer.from(given.body ?? '', given.isBase64Encoded === true ? 'base64' : 'utf8')
    expect((await send(door, { ...given, headers: await signed(door, bytes) })).statusCode).toBe(400)
  })

  it('too much, signed or not, is counted before it is read', async () => {
    const body = Buffer.alloc(TOO_MUCH, 'x')
    for (const headers of [{}, await signed(door, body)])
      for (const given of [whole(body), { body: body.toString() }])
        expect((await send(door, { ...given, headers })).statusCode).toBe(413)
    expect(written).toEqual(Array(4).fill({ count: 'refused:too-large', by: 1 }))
  })

  it('headers that no producer sends', async () => {
    const body = Buffer.from('{}')
    const right = await signed(door, body)
    for (const name of Object.keys(right))
      for (const value of ['', ' ', '0', `${right[name]},${right[name]}`, '\u0000', 'x'.repeat(8000), undefined])
        expect((await send(door, { ...whole(body), headers: { ...right, [name]: value } })).statusCode).toBe(401)
    expect(kindsOf(written)).toEqual(['count'])
  })
})

describe.each(given)('$name, to which a bus or a topic gives what is parsed already', (door) => {
  const good =
    GOOD[door.name] ??
    (samplesOf(door.name).find(({ event }) => typeof event === 'object' && event !== null)?.event as object)
  const parsed = HOSTILE.flatMap(([name, body]) => {
    try {
      return [[name, JSON.parse(Buffer.from(body).toString()) as unknown] as const]
    } catch {
      return []
    }
  })
  const inField = Object.keys(good).flatMap((key) =>
    parsed.map(([name, value]) => [`${name} as its ${key}`, { ...good, [key]: value }] as const),
  )

  it('refuses it, and keeps one line of it', async () => {
    expect(parsed.length).toBeGreaterThan(10)
    for (const [name, event] of [...parsed, ['nothing', undefined] as const]) {
      expect(await within(door.handler(town.house.ports)(event)), name).toMatchObject({ kind: 'refused' })
      expect(kindsOf(written)).toEqual(['moment', 'count'])
      expect(JSON.stringify(written.splice(0)).length, name).toBeLessThan(1000)
    }
  })

  it('in the place of any field of a good one it is refused, or nothing of it is kept', async () => {
    for (const [name, event] of inField) {
      await within(door.handler(town.house.ports)(event))
      expect(JSON.stringify(written.splice(0)), name).not.toMatch(/\[\[|"a":\{"a"|k4999|polluted/)
    }
  })
})
