import { watchUntil } from '../flows/minute.ts'
import { defineDoor } from './door.ts'
import { AWS } from './rights.ts'

/** Wakes lanes for what changes in our namespaces and for what falls due, until its minute is over. */
export const door = defineDoor({
  name: 'watch',
  trigger: { kind: 'schedule', every: '1m' },
  ports: ['ledger', 'queue', 'cluster', 'policies', 'clock'],
  kubernetes: [
    { group: 'batch', resource: 'jobs', verbs: ['list', 'watch'] },
    { group: 'apps', resource: 'deployments', verbs: ['list', 'watch'] },
    { group: '', resource: 'pods', verbs: ['list', 'watch'] },
  ],
  aws: [...AWS.ledger, ...AWS.queue, ...AWS.policies],
  handler: (ports) => (minute: Parameters<typeof watchUntil>[1]) => watchUntil(ports, minute),
})
