import { alarmChanged } from '../events/alarm-changed.ts'
import { defineDoor } from './door.ts'
import { REACT_AWS, REACT_PORTS, reacting } from './reacting.ts'

/** CloudWatch says that an alarm changed. */
export const door = defineDoor({
  name: 'alarm-changed',
  trigger: { kind: 'bus', contract: alarmChanged },
  ports: REACT_PORTS,
  kubernetes: [],
  aws: REACT_AWS,
  handler: reacting(alarmChanged),
})
