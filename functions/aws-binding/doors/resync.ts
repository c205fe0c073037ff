import { MetricUnit } from '@aws-lambda-powertools/metrics'
import { pulseOf } from '../../../flows/pulse.ts'
import { door } from '../../resync.ts'
import { lambda, metrics } from '../lambda.ts'
import { workPorts } from '../work.ts'

const ports = workPorts()

/** Tells the alarms what stands written, then compares: what cannot be asked is said last. */
export const handler = lambda(door, async () => {
  for (const [name, value] of Object.entries(await pulseOf(await ports)))
    metrics.addMetric(`${name.charAt(0).toUpperCase()}${name.slice(1)}`, MetricUnit.NoUnit, value)
  const compared = await door.handler(await ports)({})
  metrics.addMetric('Healed', MetricUnit.Count, compared.letters + compared.woken)
  return compared
})
