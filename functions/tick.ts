import { tick } from '../flows/tick.ts'
import { CATALOGUES, defineDoor } from './door.ts'
import { AWS, ROWS } from './rights.ts'

/** The minute's tick: wakes what is due, oldest first. */
export const door = defineDoor({
  name: 'tick',
  trigger: { kind: 'schedule', every: '1m' },
  ports: ['ledger', 'queue', 'clock'],
  kubernetes: [],
  aws: [...ROWS.tick, ...AWS.queue],
  handler: (ports) => () => tick(ports, CATALOGUES),
})
