import { modelPromoted } from '../events/model-promoted.ts'
import { defineDoor } from './door.ts'
import { REACT_AWS, REACT_PORTS, reacting } from './reacting.ts'

/** An alias moved: the webhook's door put it on our bus. */
export const door = defineDoor({
  name: 'model-promoted',
  trigger: { kind: 'bus', contract: modelPromoted },
  ports: REACT_PORTS,
  kubernetes: [],
  aws: REACT_AWS,
  handler: reacting(modelPromoted),
})
