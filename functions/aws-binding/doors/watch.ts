import { setTimeout as pause } from 'node:timers/promises'
import { isAnythingInFlight } from '../../../flows/lanes.ts'
import { door } from '../../watch.ts'
import { clusterOf } from '../cluster.ts'
import { lambda, logger } from '../lambda.ts'
import { reactPorts } from '../react.ts'
import { settingsOf } from '../settings.ts'
import { clock } from '../state.ts'

/** Left for the last wakes and the answer. Milliseconds. */
const SPARE = 2500

const cluster = clusterOf(settingsOf())
const ports = reactPorts()

/** One watch until the minute is nearly over, then the next minute's goes on. Nobody in flight: nothing is asked. */
export const handler = lambda(door, async (_event, context) => {
  if (!(await isAnythingInFlight(ports.ledger))) return { watched: false }
  await door.handler({ ...ports, cluster: await cluster })({
    until: clock.now() + Math.max(0, context.getRemainingTimeInMillis() - SPARE),
    pause: (ms) => pause(ms),
    onError: (error) => logger.warn('somebody was not woken', { problem: String(error) }),
  })
  return { watched: true }
})
