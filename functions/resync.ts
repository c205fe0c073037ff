import { resync } from '../flows/resync.ts'
import { CATALOGUES, defineDoor, OBSERVE_RIGHTS } from './door.ts'
import { AWS } from './rights.ts'

/** Finds what events and wakes missed. */
export const door = defineDoor({
  name: 'resync',
  trigger: { kind: 'schedule', every: '5m' },
  ports: ['ledger', 'queue', 'cluster', 'bus', 'chat', 'replies', 'registry', 'objects', 'policies', 'clock'],
  kubernetes: [...OBSERVE_RIGHTS, { group: 'batch', resource: 'jobs', verbs: ['get'] }],
  aws: [...AWS.ledger, ...AWS.queue, ...AWS.policies, ...AWS.datasets, ...AWS.chat],
  handler: (ports) => () => resync(ports, CATALOGUES.reactions),
})
