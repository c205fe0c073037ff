import { Logger } from '@aws-lambda-powertools/logger'
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics'
import middy from '@middy/core'
import type { Context } from 'aws-lambda'
import { Unavailable } from '../../flows/ports.ts'

/** Events and headers are never logged: they may carry secrets. */
export const logger = new Logger({ serviceName: 'signalbox' })
export const metrics = new Metrics({ namespace: 'Signalbox', serviceName: 'signalbox' })

/** What of a door's answer is counted, by the alarms' names. */
const counted = (name: string, answer: unknown): void => {
  const { kind, reason, body, ...rest } = (answer ?? {}) as Record<string, unknown>
  const said = typeof body === 'string' ? (JSON.parse(body) as { refused?: string }).refused : undefined
  const refused = kind === 'refused' ? String(reason) : said
  if (refused !== undefined) {
    const metric = metrics.singleMetric()
    metric.addDimension('reason', refused)
    metric.addMetric('Refused', MetricUnit.Count, 1)
    logger.warn(`${name} refused an input`, { reason: refused })
  }
  if (name === 'reconcile') {
    const healed = Object.values(rest).reduce<number>((sum, count) => sum + (typeof count === 'number' ? count : 0), 0)
    metrics.addMetric('Healed', MetricUnit.Count, healed)
  }
}

/**
 * A door as a Lambda handler. What it throws goes to Lambda, which tries again and then to the failure destination; a door
 * that answers people or webhooks says 503 instead when the far side could not be asked.
 */
export const lambda = <E, R>(name: string, work: (event: E, context: Context) => Promise<R>, http = false) =>
  middy<E, R | { statusCode: number; body: string }>({ timeoutEarlyInMillis: 0 })
    .use(injectLambdaContext(logger, { clearState: true }))
    .use({
      onError: ({ error }) => {
        logger.error(`${name} failed`, { problem: `${error?.name}: ${error?.message}` })
        metrics.publishStoredMetrics()
        return http && error instanceof Unavailable
          ? { statusCode: 503, body: JSON.stringify({ error: 'unavailable', detail: 'try again' }) }
          : undefined
      },
    })
    .handler(async (event, context) => {
      const answer = await work(event, context)
      counted(name, answer)
      metrics.publishStoredMetrics()
      return answer
    })
