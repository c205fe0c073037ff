import { costAnomaly } from '../events/cost-anomaly.ts'
import { defineDoor } from './door.ts'
import { HEAR_AWS, HEAR_PORTS, hearing } from './hearing.ts'

/** Cost Anomaly Detection tells EventBridge of what it found. */
export const door = defineDoor({
  name: 'cost-anomaly',
  trigger: { kind: 'bus', contract: costAnomaly },
  ports: HEAR_PORTS,
  kubernetes: [],
  aws: HEAR_AWS,
  handler: hearing(costAnomaly),
})
