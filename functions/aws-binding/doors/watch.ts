import { setTimeout as pause } from 'node:timers/promises'
import { isAnythingInFlight } from '../../../flows/watch.ts'
import { door } from '../../watch.ts'
import { clusterOf } from '../cluster.ts'
import { lambda, logger } from '../lambda.ts'
import { objectsOf, policiesOf } from '../policy.ts'
import { settingsOf } from '../settings.ts'
import { ledgerOf } from '../state.ts'
import { workflowOf } from '../workflow.ts'

/** Left for the last bells and the answer. Milliseconds. */
const SPARE = 2500

const settings = settingsOf()
const cluster = clusterOf(settings)
const ports = {
  ledger: ledgerOf(settings),
  policies: policiesOf(settings, objectsOf()),
  workflow: workflowOf(settings),
}

/** One watch until the minute is nearly over, then the next minute's goes on. Nobody in flight: nothing is asked. */
export const handler = lambda(door, async (_event, context) => {
  if (!(await isAnythingInFlight(ports))) return { watched: false }
  const rings = new Set<Promise<void>>()
  const watching = await door.handler({ ...ports, cluster: await cluster })({
    onError: (error) => logger.warn('a bell was not rung', { problem: String(error) }),
    track: (ring) => {
      rings.add(ring)
      void ring.finally(() => rings.delete(ring))
    },
  })
  await pause(Math.max(0, context.getRemainingTimeInMillis() - SPARE))
  watching.stop()
  await Promise.all(rings)
  return { watched: true }
})
