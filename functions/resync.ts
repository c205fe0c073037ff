import { resync } from '../flows/resync.ts'
import { CATALOGUES, defineDoor, OBSERVE_RIGHTS } from './door.ts'
import { AWS, ROWS } from './rights.ts'

/** Finds what events and wakes missed. */
export const door = defineDoor({
  name: 'resync',
  trigger: { kind: 'schedule', every: '5m' },
  ports: ['ledger', 'queue', 'cluster', 'bus', 'chat', 'replies', 'registry', 'objects', 'policies', 'clock'],
  kubernetes: [...OBSERVE_RIGHTS, { group: 'batch', resource: 'jobs', verbs: ['get'] }],
  aws: [...ROWS.resync, ...AWS.queue, ...AWS.policies, ...AWS.manifests, ...AWS.registry, ...AWS.chat],
  handler: (ports) => () => resync(ports, CATALOGUES.reactions),
})
