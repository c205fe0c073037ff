import { type Minute, watchUntil } from '../flows/minute.ts'
import { CATALOGUES, defineDoor } from './door.ts'
import { AWS, ROWS } from './rights.ts'

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
  aws: [...ROWS.watch, ...AWS.queue, ...AWS.policies],
  handler: (ports) => (minute: Minute) => watchUntil(ports, { ...minute, ...CATALOGUES }),
})
