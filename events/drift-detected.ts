import * as z from 'zod/mini'
import type { Contract, DriftDetected, Parsed } from './contract.ts'
import { envelope, millisecondsOf, NAME, parseWith, refusal, short } from './input.ts'

/** Labels of an alert that are kept, and how long one may be: a rule names few of them. Characters. */
const LABELS = 32
const LABEL = 200
/** Longest text of a person's that is kept of an alert. Characters. */
const TEXT = 300

const words = z.record(z.string(), z.string())

/** An alert as Prometheus' Alertmanager (webhook version 4) and Grafana's contact point send it: the same fields, and Grafana a few more. */
const alert = z.object({
  status: z.enum(['firing', 'resolved']),
  labels: z.intersection(words, z.object({ alertname: short(NAME) })),
  annotations: z.optional(words),
  startsAt: short(64),
  endsAt: z.optional(z.string().check(z.maxLength(64))),
  fingerprint: short(NAME),
  /** Grafana's numbers by the letter of their query. */
  values: z.nullish(z.record(z.string(), z.nullable(z.number()))),
})
const group = z.object({
  alerts: z.array(z.unknown()).check(z.minLength(1)),
  truncatedAlerts: z.optional(z.number()),
})
const shape = z.extend(envelope, { detail: alert })

export const SOURCE = 'signalbox.alerts'
export const DETAIL_TYPE = 'Alert Changed'

/** An alert fires or is resolved: Alertmanager's or Grafana's webhook, verified at our door, through our bus. */
export const driftDetected: Contract<DriftDetected> = {
  name: 'drift-detected',
  summary: 'an alert that watches what is served fires or is resolved, in Alertmanager or Grafana',
  via: { bus: 'signalbox', pattern: { source: [SOURCE], 'detail-type': [DETAIL_TYPE] } },
  parse: (input) => {
    const parsed = parseWith(shape, input)
    return parsed.ok ? toEvent(parsed.event) : parsed
  },
}

/** What one delivery holds: what the door puts on our bus, an event an alert; what is no alert; and how many the producer left out. */
export interface Delivered {
  events: { source: string; detailType: string; detail: Record<string, unknown> }[]
  refused: { ok: false; reason: 'missing-field' | 'bad-field' | 'not-an-object' | 'test-payload'; detail: string }[]
  truncated: number
}

/** The alerts of a verified delivery, each by itself: one that cannot be read loses no other. */
export const alertEvents = (input: unknown): Parsed<Delivered> => {
  const parsed = parseWith(group, input)
  if (!parsed.ok) return parsed
  const { alerts, truncatedAlerts = 0 } = parsed.event
  const delivered: Delivered = { events: [], refused: [], truncated: truncatedAlerts }
  for (const [index, one] of alerts.entries()) {
    const read = alertIn(one)
    if (read.ok) delivered.events.push({ source: SOURCE, detailType: DETAIL_TYPE, detail: { ...read.event } })
    else
      delivered.refused.push({ ...read, reason: read.reason as 'bad-field', detail: `alerts.${index}: ${read.detail}` })
  }
  return { ok: true, event: delivered }
}

/** What of an alert is used: its labels and texts are anybody's, and a letter keeps only so much. */
const alertIn = (input: unknown): Parsed<z.output<typeof alert>> => {
  const parsed = parseWith(alert, input)
  if (!parsed.ok) return parsed
  const { labels, annotations = {}, values, ...rest } = parsed.event
  if (labels.alertname === 'TestAlert' && labels['instance'] === 'Grafana')
    return refusal('test-payload', 'TestAlert is Grafana’s test of a contact point: it works, and nothing is done')
  const times = timesOf(rest)
  if (typeof times === 'string') return refusal('bad-field', times)
  const kept = Object.entries(labels).filter(([name, value]) => name.length <= NAME && value.length <= LABEL)
  const { summary, description } = annotations
  return {
    ok: true,
    event: {
      ...rest,
      ...(values ? { values: Object.fromEntries(Object.entries(values).filter(isShort).slice(0, LABELS)) } : {}),
      labels: { ...Object.fromEntries(kept.slice(0, LABELS)), alertname: labels.alertname },
      annotations: Object.fromEntries(
        Object.entries({ summary, description }).flatMap(([name, text]) =>
          text === undefined ? [] : [[name, text.slice(0, TEXT)]],
        ),
      ),
    },
  }
}

const isShort = ([name]: [string, unknown]): boolean => name.length <= NAME

/** Since when it fires, and until when it did: an end that is not there yet is written as the year 1. A sentence: it says no time. */
const timesOf = ({
  status,
  startsAt,
  endsAt = '',
}: Pick<z.output<typeof alert>, 'status' | 'startsAt' | 'endsAt'>):
  | { since: number; until: number | null }
  | string => {
  const [since, until] = [millisecondsOf(startsAt), millisecondsOf(endsAt)]
  if (since === null || since <= 0) return `startsAt: ${startsAt} is no time`
  if (status === 'firing') return { since, until: null }
  return { since, until: until === null || until < since ? since : until }
}

const toEvent = (event: z.output<typeof shape>): Parsed<DriftDetected> => {
  if (event.source !== SOURCE || event['detail-type'] !== DETAIL_TYPE)
    return refusal(
      'not-this-event',
      `source ${event.source}, detail-type ${event['detail-type']}: expected ${SOURCE}, ${DETAIL_TYPE}`,
    )
  const { detail } = event
  const times = timesOf(detail)
  if (typeof times === 'string') return refusal('bad-field', `detail.${times}`)
  const { labels, annotations = {}, fingerprint, values } = detail
  return {
    ok: true,
    event: {
      type: 'drift-detected',
      id: event.id,
      at: times.until ?? times.since,
      alert: labels.alertname,
      fingerprint,
      state: detail.status,
      since: times.since,
      labels,
      text: textOf(annotations, values ?? {}),
      replayed: event['replay-name'] !== undefined,
    },
  }
}

const textOf = ({ summary, description }: Record<string, string>, values: Record<string, number | null>): string => {
  const numbers = Object.entries(values).map(([name, value]) => `${name} = ${value}`)
  return [summary ?? description ?? '', numbers.join(', ')]
    .filter((part) => part !== '')
    .join('; ')
    .slice(0, TEXT)
}
