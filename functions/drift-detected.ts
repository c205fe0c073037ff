import { driftDetected } from '../events/drift-detected.ts'
import { defineDoor } from './door.ts'
import { REACT_AWS, REACT_PORTS, reacting } from './reacting.ts'

/** An alert fires or is resolved: the webhook's door put it on our bus. */
export const door = defineDoor({
  name: 'drift-detected',
  trigger: { kind: 'bus', contract: driftDetected },
  ports: REACT_PORTS,
  kubernetes: [],
  aws: REACT_AWS,
  handler: reacting(driftDetected),
})
