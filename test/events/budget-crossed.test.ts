import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { amountIn } from '../../events/amount.ts'
import { asPublished, budgetCrossed, type Notice } from '../../events/budget-crossed.ts'
import { noticesIn } from '../../events/budget-notice.ts'
import { gatewayEvent } from '../../events/gateway-budget.ts'
import { samplesOf } from './samples.ts'

const samples = samplesOf('budget-crossed')
const called = (message: unknown) => ({ Records: [{ EventSource: 'aws:sns', Sns: message }] })
const onBus = (notice: Notice) => {
  const { source, detailType, detail } = asPublished(notice)
  return {
    id: 'i',
    source,
    'detail-type': detailType,
    time: '2026-11-24T08:12:42Z',
    detail: JSON.parse(JSON.stringify(detail)),
  }
}
/** What a message of SNS says, through our bus. */
const heard = (message: unknown) => {
  const parsed = noticesIn(called(message))
  if (!parsed.ok) return parsed
  const [notice] = parsed.event.notices
  return notice === undefined ? parsed.event.refused[0] : budgetCrossed.parse(onBus(notice))
}
const messageOf = (name: string) =>
  samples.find((one) => one.name === name)?.message as { Message: string; MessageId: string; Timestamp: string }
const saying = (name: string, change: (text: string) => string) => {
  const message = messageOf(name)
  return heard({ ...message, Message: change(message.Message) })
}

describe('what AWS says by SNS', () => {
  it.each(samples.filter(({ message }) => message !== undefined))(
    '$name is what its sample says',
    ({ message, expect: expected }) => {
      expect(heard(message)).toMatchObject(
        expected === 'accepted' ? { ok: true } : { ok: false, reason: expected.refused },
      )
    },
  )

  it('is read from its block alone: name, amounts with separators, and the days that it counts', () => {
    expect(heard(messageOf('actual'))).toMatchObject({
      event: {
        of: 'aws-budget',
        name: 'ml-platform GPUs',
        amount: { value: 16_120.33, unit: 'USD' },
        budgeted: { value: 20_000, unit: 'USD' },
        threshold: { value: 16_000, unit: 'USD' },
        isForecast: false,
        days: { from: Date.UTC(2026, 10, 1), until: Date.UTC(2026, 11, 1) },
      },
    })
    expect(heard(messageOf('implausible'))).toMatchObject({
      event: { amount: { value: 183_965_812_157.54, unit: 'USD' } },
    })
    expect(heard(messageOf('forecast'))).toMatchObject({ event: { isForecast: true, amount: { value: 24_310.07 } } })
    expect(heard(messageOf('usage'))).toMatchObject({ event: { amount: { value: 1204.5, unit: 'Hrs' } } })
  })

  it('of a daily budget is about the day before', () => {
    expect(heard(messageOf('daily'))).toMatchObject({
      event: { days: { from: Date.UTC(2026, 10, 23), until: Date.UTC(2026, 10, 24) } },
    })
  })

  it('an amount that cannot be read is none, and is no other amount', () => {
    expect(heard(messageOf('other-currency'))).toMatchObject({
      ok: true,
      event: { amount: null, threshold: { unit: 'EUR' } },
    })
  })

  it('a name that is written like prose or like a key says nothing else', () => {
    const name = 'x budget is greater than $1.00 per day, Alert Type'
    const event = saying('actual', (text) => text.replaceAll('ml-platform GPUs', name))
    expect(event).toMatchObject({
      event: { name, days: { from: Date.UTC(2026, 10, 1) }, amount: { value: 16_120.33 } },
    })
  })

  it('with other line ends, an unknown key and other prose says the same', () => {
    const other = saying('actual', (text) =>
      text
        .replace(/You requested[^\n]*for the current month[^\n]*/, 'Hello, for the current month.')
        .replace('Budget Type', 'Budget Colour: red\nBudget Type')
        .replaceAll('\n', '\r\n'),
    )
    expect(other).toEqual(heard(messageOf('actual')))
  })

  it('the same crossing has the same key whatever message it comes in; another day, threshold or type has another', () => {
    const keyOf = (parsed: unknown) => (parsed as { event: { key: string } }).event.key
    const key = keyOf(heard(messageOf('actual')))
    expect(keyOf(heard({ ...messageOf('actual'), MessageId: 'another' }))).toBe(key)
    const others = [
      saying('actual', (text) => text.replace('November 24', 'November 25')),
      saying('actual', (text) => text.replace('> $16,000.00', '> $18,000.00')),
      heard(messageOf('forecast')),
    ]
    expect(new Set([key, ...others.map(keyOf)]).size).toBe(4)
  })

  it('an anomaly is known by its id, with what it was expected to be', () => {
    expect(heard(messageOf('anomaly'))).toMatchObject({
      event: {
        of: 'anomaly',
        name: 'gpu services',
        key: '12345678-abcd-ef12-3456-987654321a12',
        amount: { value: 1301, unit: 'USD' },
        threshold: { value: 300 },
        days: { from: Date.UTC(2026, 10, 22), until: Date.UTC(2026, 10, 24) },
        text: expect.stringContaining('BoxUsage:p5.48xlarge'),
      },
    })
  })

  it('what an action says is told as it stands', () => {
    expect(heard(messageOf('action'))).toMatchObject({
      event: {
        of: 'aws-action',
        name: 'ml-platform GPUs',
        amount: null,
        text: expect.stringContaining('an action was executed'),
      },
    })
  })

  it('one that cannot be read loses no other', () => {
    const Records = ['no-type', 'actual'].map((name) => ({ EventSource: 'aws:sns', Sns: messageOf(name) }))
    expect(noticesIn({ Records })).toMatchObject({
      event: { notices: [{ name: 'ml-platform GPUs' }], refused: [{ detail: expect.stringContaining('Records.0') }] },
    })
  })

  it('any text gives a notice that our bus carries, or a refusal', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 400 }),
        fc.constantFrom('actual', 'anomaly', 'action'),
        fc.nat(1200),
        (text, name, at) => {
          const parsed = saying(name, (before) => before.slice(0, at) + text + before.slice(at))
          expect(parsed).toHaveProperty('ok')
          if (parsed?.ok === false) expect(['bad-field', 'missing-field', 'not-this-event']).toContain(parsed.reason)
        },
      ),
    )
  })
})

describe('amounts', () => {
  it.each([
    ['$0.20', 0.2, 'USD'],
    ['$183,965,812,157.54', 183_965_812_157.54, 'USD'],
    ['-$5.00', -5, 'USD'],
    ['€12.50', 12.5, 'EUR'],
    ['CHF 1,000', 1000, 'CHF'],
    ['12.5 GB', 12.5, 'GB'],
    ['80%', 80, '%'],
  ])('%s', (text, value, unit) => {
    expect(amountIn(text)).toEqual({ value, unit })
  })

  it.each(['', '12', '$', '$12,50', '$1,23,456', '1e9 USD', '$1.2.3', '$--1', 'USD 5 GB', `$${'9'.repeat(16)}`])(
    '%j is none',
    (text) => {
      expect(amountIn(text)).toBeNull()
    },
  )
})

describe('what is on our bus', () => {
  it.each(samples.filter(({ event }) => event !== undefined))(
    '$name is what its sample says',
    ({ event, expect: expected }) => {
      expect(budgetCrossed.parse(event)).toMatchObject(
        expected === 'accepted' ? { ok: true } : { ok: false, reason: expected.refused },
      )
    },
  )

  it('is total: any value gives an event or a refusal', () => {
    const { event } = samples.find(({ name }) => name === 'base') as { event: { detail: object } }
    fc.assert(
      fc.property(fc.anything(), fc.constantFrom('of', 'name', 'key', 'at', 'amount', 'days', 'text'), (value, key) => {
        expect(budgetCrossed.parse(value)).toHaveProperty('ok')
        expect(budgetCrossed.parse({ ...event, detail: { ...event.detail, [key]: value } })).toHaveProperty('ok')
      }),
    )
  })
})

describe('what MLflow’s gateway says', () => {
  it.each(samples.filter(({ request }) => request !== undefined))(
    '$name is what its sample says',
    ({ request, expect: expected }) => {
      expect(gatewayEvent(JSON.parse(request?.body ?? ''))).toMatchObject(
        expected === 'accepted' ? { ok: true } : { ok: false, reason: expected.refused },
      )
    },
  )

  it('counts calls, and no nodes; of another entity it is not', () => {
    const { request } = samples.find(({ name }) => name === 'gateway') as { request: { body: string } }
    const body = JSON.parse(request.body)
    const parsed = gatewayEvent(body)
    expect(
      parsed?.ok === true ? budgetCrossed.parse({ ...onBus(parsed.event.detail as Notice) }) : parsed,
    ).toMatchObject({
      event: { of: 'gateway', name: 'bp-7f31', amount: { value: 204.71 }, threshold: { value: 200 }, ofNodes: false },
    })
    expect(gatewayEvent({ ...body, entity: 'model_version_alias' })).toBeNull()
    expect(gatewayEvent({ ...body, data: {} })).toMatchObject({ ok: false })
    fc.assert(fc.property(fc.anything(), (value) => void gatewayEvent({ ...body, data: value, timestamp: value })))
  })
})
