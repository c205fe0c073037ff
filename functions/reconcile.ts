import { reconcile } from '../flows/reconcile.ts'
import { defineDoor, OBSERVE_RIGHTS } from './door.ts'
import { AWS } from './rights.ts'

/** Heals what events missed. */
export const door = defineDoor({
  name: 'reconcile',
  trigger: { kind: 'schedule', every: '5m' },
  ports: ['ledger', 'cluster', 'bus', 'chat', 'registry', 'objects', 'policies', 'workflow', 'clock'],
  kubernetes: [...OBSERVE_RIGHTS, { group: 'batch', resource: 'jobs', verbs: ['list', 'delete', 'patch'] }],
  aws: [
    ...AWS.ledger,
    ...AWS.bus,
    ...AWS.policies,
    ...AWS.datasets,
    ...AWS.results,
    ...AWS.registry,
    ...AWS.chat,
    ...AWS.workflow,
  ],
  handler: (ports) => () => reconcile(ports),
})
