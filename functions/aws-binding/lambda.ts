import { Logger } from '@aws-lambda-powertools/logger'
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics'
import middy from '@middy/core'
import type { Context } from 'aws-lambda'
import { Unavailable } from '../../flows/ports.ts'
import type { Trigger } from '../door.ts'
import { type HttpAnswer, TRY_AGAIN } from '../http.ts'
import { EARLY } from './patience.ts'
import { serviceOf } from './settings.ts'

/** Events and headers are never logged: they may carry secrets. */
export const logger = new Logger({ serviceName: serviceOf() })
export const metrics = new Metrics({ namespace: 'Signalbox', serviceName: serviceOf() })

/** What of a door's answer is counted, by the alarms' names. */
const counted = (name: string, answer: unknown): void => {
  const { kind, reason, body } = (answer ?? {}) as Record<string, unknown>
  const said = typeof body === 'string' ? (JSON.parse(body) as { refused?: string }).refused : undefined
  const refused = kind === 'refused' ? String(reason) : said
  if (refused !== undefined) {
    const metric = metrics.singleMetric()
    metric.addDimension('reason', refused)
    metric.addMetric('Refused', MetricUnit.Count, 1)
    logger.warn(`${name} refused an input`, { reason: refused })
  }
}

/** Powertools warns when there is nothing to publish, which most doors have most of the time. */
const publish = (): void => {
  if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics()
}

/** Says how a door failed, by name and message alone, and hands Lambda the metrics. */
export const failed = (name: string, error: unknown): void => {
  logger.error(`${name} failed`, { problem: String(error) })
  publish()
}

/**
 * A door as a Lambda handler: the one middy chain. What it throws goes to Lambda, which tries again and then to the failure
 * queue (of `reconcile`, to SQS, which gives the wake back); a door that people or webhooks wait for says 503 instead when the far side could not be asked or time is up.
 */
export const lambda = <E, R>(
  { name, trigger }: { name: string; trigger: Trigger },
  work: (event: E, context: Context) => Promise<R>,
) =>
  middy<E, R | HttpAnswer>({
    timeoutEarlyInMillis: EARLY[trigger.kind],
    timeoutEarlyResponse: () => {
      throw new Unavailable(`${name} still waited ${EARLY[trigger.kind]} ms before Lambda would have ended it`)
    },
  })
    .use(injectLambdaContext(logger, { clearState: true }))
    .onError(({ error }) => {
      failed(name, error)
      return trigger.kind === 'http' && error instanceof Unavailable ? TRY_AGAIN : undefined
    })
    .handler(async (event, context) => {
      const answer = await work(event, context)
      counted(name, answer)
      publish()
      return answer
    })
