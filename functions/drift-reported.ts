import { driftReported } from '../events/drift-reported.ts'
import { defineDoor } from './door.ts'
import { REACT_AWS, REACT_PORTS, reacting } from './reacting.ts'

/** S3 says that a report of drift appeared. */
export const door = defineDoor({
  name: 'drift-reported',
  trigger: { kind: 'bus', contract: driftReported },
  ports: REACT_PORTS,
  kubernetes: [],
  aws: REACT_AWS,
  handler: reacting(driftReported),
})
