import { MetricUnit } from '@aws-lambda-powertools/metrics'
import { pulseOf } from '../../../flows/pulse.ts'
import { door } from '../../reconcile.ts'
import { lambda, metrics } from '../lambda.ts'
import { workPorts } from '../work.ts'

const ports = workPorts()

/** Heals, and tells the alarms how old the oldest run is and which questions are about to expire. */
export const handler = lambda(door, async () => {
  const healed = await door.handler(await ports)({})
  const { oldestRunHours, answersExpiring } = await pulseOf(await ports)
  metrics.addMetric('OldestRunHours', MetricUnit.NoUnit, oldestRunHours)
  metrics.addMetric('AnswersExpiring', MetricUnit.Count, answersExpiring)
  return healed
})
