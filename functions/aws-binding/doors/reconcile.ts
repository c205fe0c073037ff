import { MetricUnit } from '@aws-lambda-powertools/metrics'
import { SQSClient } from '@aws-sdk/client-sqs'
import { sqsConsumer } from '../../../effects/queue/sqs-consumer.ts'
import { door } from '../../reconcile.ts'
import { lambda, logger, metrics } from '../lambda.ts'
import { HANDOVER, PATIENT } from '../patience.ts'
import { settingsOf } from '../settings.ts'
import { workPorts } from '../work.ts'

const settings = settingsOf()
const client = new SQSClient(PATIENT)
const ports = workPorts()

/** What a person should hear of, by its metric: everything else rests, or goes on with the next wake. */
const HEARD: Record<string, string> = {
  contended: 'Contended',
  'newer-schema': 'NewerSchema',
  'ledger-away': 'LedgerAway',
}

const work = async (group: string, timeUp: AbortSignal): Promise<void> => {
  const went = await door.handler(await ports)({ group, handover: HANDOVER, timeUp })
  const metric = HEARD[went]
  if (metric === undefined) return
  metrics.addMetric(metric, MetricUnit.Count, 1)
  logger.warn(`${group}: ${went}`)
}

const queue = { wake: async (group: string, id: string) => (await ports).queue.wake(group, id) }

/** One wake at a time: the queue has one consumer a group. */
export const handler = lambda(
  door,
  sqsConsumer({
    client,
    url: settings.queueUrl,
    queue,
    work,
    onProblem: (what, error) => logger.warn(what, { problem: String(error) }),
  }),
)
