import { versionChanged } from '../events/version-changed.ts'
import { defineDoor } from './door.ts'
import { REACT_AWS, REACT_PORTS, reacting } from './reacting.ts'

/** A version was made, or a tag set on it: the webhook's door put it on our bus. */
export const door = defineDoor({
  name: 'version-changed',
  trigger: { kind: 'bus', contract: versionChanged },
  ports: REACT_PORTS,
  kubernetes: [],
  aws: REACT_AWS,
  handler: reacting(versionChanged),
})
