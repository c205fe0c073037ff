import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { alertEvents, driftDetected } from '../../events/drift-detected.ts'
import { samplesOf } from './samples.ts'

const samples = samplesOf('drift-detected')
const captured = samples.filter(({ request }) => request !== undefined)
const onBus = ({ source, detailType, detail }: { source: string; detailType: string; detail: unknown }) => ({
  id: 'i',
  source,
  'detail-type': detailType,
  time: '2026-11-23T18:52:19Z',
  detail,
})
const bodyOf = (name: string) => JSON.parse(captured.find((one) => one.name === name)?.request?.body ?? '')
const eventsOf = (body: unknown) => {
  const parsed = alertEvents(body)
  if (!parsed.ok) throw new Error(parsed.detail)
  return parsed.event.events.map((event) => driftDetected.parse(onBus(event)))
}

describe('what Alertmanager and Grafana send', () => {
  it.each(captured)('$name is what its sample says', ({ request, expect: expected }) => {
    const parsed = alertEvents(JSON.parse(request?.body ?? ''))
    if (!parsed.ok) throw new Error(parsed.detail)
    if (expected !== 'accepted') expect(parsed.event.refused).toMatchObject([{ reason: expected.refused }])
    else expect(parsed.event.events.map((event) => driftDetected.parse(onBus(event)).ok)).not.toContain(false)
  })

  it('is an event an alert: what one of a group says is said of no other', () => {
    expect(eventsOf(bodyOf('alertmanager-0-34-mixed'))).toMatchObject([
      {
        event: {
          state: 'resolved',
          fingerprint: '3ef44b255f8ecf38',
          since: Date.parse('2026-11-23T19:01:28.108Z'),
          at: Date.parse('2026-11-23T19:01:46.662Z'),
        },
      },
      {
        event: {
          alert: 'ModelDriftHigh',
          state: 'firing',
          fingerprint: '9e76656380092acf',
          at: Date.parse('2026-11-23T19:01:42.658Z'),
          labels: { model: 'demo-llm' },
          text: 'Drift share 0.62 > 0.5 <b> & "q"',
        },
      },
    ])
  })

  it('has Grafana’s numbers in its text', () => {
    expect(eventsOf(bodyOf('grafana-firing'))).toMatchObject([
      { event: { text: 'Refusal rate is above its mean; A = 0.62, B = null' } },
    ])
  })

  it('one that cannot be read loses no other, and what was left out is counted', () => {
    const { alerts } = bodyOf('alertmanager-0-34-firing')
    const odd = [null, {}, { ...alerts[0], startsAt: 'soon' }, { ...alerts[0], labels: { model: 'm' } }]
    const parsed = alertEvents({ alerts: [...odd, alerts[0]], truncatedAlerts: 7 })
    expect(parsed).toMatchObject({ ok: true, event: { truncated: 7, events: [{}] } })
    expect(parsed.ok && parsed.event.refused.map(({ detail }) => detail)).toEqual([
      'alerts.0: an event is a JSON object',
      expect.stringMatching(/^alerts\.1: status/),
      'alerts.2: startsAt: soon is no time',
      expect.stringMatching(/^alerts\.3: labels\.alertname/),
    ])
  })

  it('keeps of labels and texts no more than a letter has room for', () => {
    const { alerts } = bodyOf('alertmanager-0-34-firing')
    const labels = Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`l${n}`, 'v']))
    const [event] = eventsOf({
      alerts: [{ ...alerts[0], labels: { ...labels, alertname: 'A' }, annotations: { summary: 'x'.repeat(1e5) } }],
    })
    expect(JSON.stringify(event).length).toBeLessThan(1500)
    expect(event).toMatchObject({ event: { alert: 'A', labels: { alertname: 'A' } } })
    const values = Object.fromEntries([...Array(400).keys()].map((n) => [`${n}${'v'.repeat(n)}`, n]))
    const parsed = alertEvents({ alerts: [{ ...bodyOf('grafana-firing').alerts[0], values }] })
    expect(JSON.stringify(parsed).length).toBeLessThan(5000)
  })
})

describe('on our bus', () => {
  it.each(samples.filter(({ event }) => event !== undefined))(
    '$name is what its sample says',
    ({ event, expect: expected }) => {
      const parsed = driftDetected.parse(event)
      expect(parsed.ok ? 'accepted' : { refused: parsed.reason }).toEqual(expected)
    },
  )

  it('any JSON is an event or a refusal', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(driftDetected.parse(value)).toHaveProperty('ok')
        expect(alertEvents(value)).toHaveProperty('ok')
        expect(alertEvents({ alerts: [value] })).toHaveProperty('ok')
      }),
    )
  })
})
