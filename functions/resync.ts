import { resync } from '../flows/resync.ts'
import { CATALOGUES, defineDoor, MARKER_RIGHTS, OBSERVE_RIGHTS } from './door.ts'
import { AWS, ROWS } from './rights.ts'

/** Finds what events and wakes missed. */
export const door = defineDoor({
  name: 'resync',
  trigger: { kind: 'schedule', every: '5m' },
  ports: [
    'ledger',
    'queue',
    'cluster',
    'bus',
    'chat',
    'replies',
    'registry',
    'objects',
    'metrics',
    'policies',
    'clock',
  ],
  // It deletes what nobody waits for: in our namespaces, by the uid that was looked at.
  kubernetes: [...OBSERVE_RIGHTS, { group: 'batch', resource: 'jobs', verbs: ['get', 'delete'] }, ...MARKER_RIGHTS],
  aws: [
    ...ROWS.resync,
    ...AWS.queue,
    ...AWS.policies,
    ...AWS.manifests,
    ...AWS.results,
    ...AWS.registry,
    ...AWS.alertRules,
    ...AWS.chat,
  ],
  handler: (ports) => () => resync(ports, CATALOGUES.reactions),
})
