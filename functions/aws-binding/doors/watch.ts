import { setTimeout as pause } from 'node:timers/promises'
import { isAnythingInFlight } from '../../../flows/watch.ts'
import { door } from '../../watch.ts'
import { clusterOf } from '../cluster.ts'
import { lambda, logger } from '../lambda.ts'
import { reactPorts } from '../react.ts'
import { settingsOf } from '../settings.ts'

/** Left for the last wakes and the answer. Milliseconds. */
const SPARE = 2500

const cluster = clusterOf(settingsOf())
const ports = reactPorts()

/** One watch until the minute is nearly over, then the next minute's goes on. Nobody in flight: nothing is asked. */
export const handler = lambda(door, async (_event, context) => {
  if (!(await isAnythingInFlight(ports))) return { watched: false }
  const wakes = new Set<Promise<void>>()
  const watching = await door.handler({ ...ports, cluster: await cluster })({
    onError: (error) => logger.warn('lanes could not be woken', { problem: String(error) }),
    track: (wake) => {
      wakes.add(wake)
      void wake.finally(() => wakes.delete(wake))
    },
  })
  await pause(Math.max(0, context.getRemainingTimeInMillis() - SPARE))
  watching.stop()
  await Promise.all(wakes)
  return { watched: true }
})
