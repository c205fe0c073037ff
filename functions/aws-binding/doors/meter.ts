import { door } from '../../meter.ts'
import { clusterOf } from '../cluster.ts'
import { lambda } from '../lambda.ts'
import { reactPorts } from '../react.ts'
import { settingsOf } from '../settings.ts'

const cluster = clusterOf(settingsOf())
const ports = reactPorts()

/** One look. A cluster that does not answer is told to Lambda: the next minute looks again, and nothing is lost. */
export const handler = lambda(door, async () => door.handler({ ...ports, cluster: await cluster })({}))
