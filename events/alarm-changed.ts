import * as z from 'zod/mini'
import type { Contract, DriftDetected, Parsed } from './contract.ts'
import { envelope, millisecondsOf, NAME, parseWith, refusal, short } from './input.ts'

/** Longest text that is kept of an alarm, and of one of its dimensions. Characters. */
const TEXT = 300
const LABEL = 200

const state = z.object({
  value: z.enum(['ALARM', 'OK', 'INSUFFICIENT_DATA']),
  reason: z.optional(z.string()),
  timestamp: short(64),
})
/** The part of CloudWatch's `CloudWatch Alarm State Change` that is used. */
const shape = z.extend(envelope, {
  resources: z.optional(z.array(z.string().check(z.maxLength(2048)))),
  detail: z.object({
    alarmName: short(NAME),
    state,
    previousState: z.optional(state),
    configuration: z.optional(
      z.object({
        metrics: z.optional(
          z.array(
            z.object({
              metricStat: z.optional(
                z.object({ metric: z.object({ dimensions: z.optional(z.record(z.string(), z.string())) }) }),
              ),
            }),
          ),
        ),
      }),
    ),
  }),
})

/**
 * A CloudWatch alarm changed its state. Without data it is neither: what was in alarm before stays one until it is OK, and what is in
 * alarm again after a gap in its data fires on.
 */
export const alarmChanged: Contract<DriftDetected> = {
  name: 'alarm-changed',
  summary: 'an alarm of CloudWatch that watches what is served went into alarm, or is OK',
  via: {
    bus: 'default',
    pattern: {
      source: ['aws.cloudwatch'],
      'detail-type': ['CloudWatch Alarm State Change'],
      detail: { state: { value: ['ALARM', 'OK'] } },
    },
  },
  selects: 'its state is ALARM or OK: without data it is neither',
  parse: (input) => {
    const parsed = parseWith(shape, input)
    return parsed.ok ? toEvent(parsed.event) : parsed
  },
}

const toEvent = (event: z.output<typeof shape>): Parsed<DriftDetected> => {
  if (event.source !== 'aws.cloudwatch' || event['detail-type'] !== 'CloudWatch Alarm State Change')
    return refusal(
      'not-this-event',
      `source ${event.source}, detail-type ${event['detail-type']}: expected aws.cloudwatch, CloudWatch Alarm State Change`,
    )
  const { alarmName, state: now, previousState: before } = event.detail
  if (now.value === 'INSUFFICIENT_DATA') return refusal('not-this-event', 'without data it is neither ALARM nor OK')
  const [at, since] = [millisecondsOf(now.timestamp), millisecondsOf(before?.timestamp ?? '')]
  if (at === null) return refusal('bad-field', `detail.state.timestamp: ${now.timestamp} is no time`)
  const isOver = now.value === 'OK'
  return {
    ok: true,
    event: {
      type: 'drift-detected',
      id: event.id,
      at,
      alert: alarmName,
      fingerprint: (event.resources?.[0] ?? alarmName).slice(-NAME),
      state: isOver ? 'resolved' : 'firing',
      since: isOver ? Math.min(at, since ?? at) : at,
      // Whether it was in alarm before the gap nobody says here: who has heard of it knows.
      ...(isOver || before?.value === 'INSUFFICIENT_DATA' ? { resumes: true as const } : {}),
      labels: dimensionsOf(event.detail),
      text: (now.reason ?? '').slice(0, TEXT),
      replayed: event['replay-name'] !== undefined,
    },
  }
}

const dimensionsOf = ({ configuration }: z.output<typeof shape>['detail']): Record<string, string> =>
  Object.fromEntries(
    (configuration?.metrics ?? [])
      .flatMap(({ metricStat }) => Object.entries(metricStat?.metric.dimensions ?? {}))
      .filter(([name, value]) => name.length <= LABEL && value.length <= LABEL)
      .slice(0, 32),
  )
