import { reconcile } from '../flows/reconcile.ts'
import { chain, defineDoor, OBSERVE_RIGHTS } from './door.ts'

/** Heals what events missed. */
export const door = defineDoor({
  name: 'reconcile',
  trigger: { kind: 'schedule', every: '5m' },
  ports: ['ledger', 'cluster', 'bus', 'chat', 'registry', 'objects', 'policies', 'secrets', 'workflow', 'clock'],
  kubernetes: [
    ...OBSERVE_RIGHTS,
    { group: 'batch', resource: 'jobs', verbs: ['list'], everywhere: true },
    { group: 'batch', resource: 'jobs', verbs: ['delete'] },
  ],
  handler: (ports) => chain(() => reconcile(ports)),
})
