import { MetricUnit } from '@aws-lambda-powertools/metrics'
import { door } from '../../tick.ts'
import { lambda, metrics } from '../lambda.ts'
import { queueOf } from '../queue.ts'
import { settingsOf } from '../settings.ts'
import { clock, ledgerOf } from '../state.ts'

const settings = settingsOf()
const tick = door.handler({ ledger: ledgerOf(settings), queue: queueOf(settings), clock })

/** Wakes what is due, and tells the alarms how late the oldest of it is, and what waits for a newer release. */
export const handler = lambda(door, async () => {
  const ticked = await tick({})
  metrics.addMetric('OldestDueMinutes', MetricUnit.NoUnit, ticked.late / 60_000)
  metrics.addMetric('DueLeft', MetricUnit.Count, Number(ticked.left))
  if (ticked.newer > 0) metrics.addMetric('NewerSchema', MetricUnit.Count, ticked.newer)
  return ticked
})
