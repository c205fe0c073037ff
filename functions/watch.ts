import { watch } from '../flows/watch.ts'
import { defineDoor } from './door.ts'
import { AWS, ROWS } from './rights.ts'

/** Wakes lanes for what changes in the cluster, while anything is in flight. Answers the way to stop. */
export const door = defineDoor({
  name: 'watch',
  trigger: { kind: 'schedule', every: '1m' },
  ports: ['ledger', 'queue', 'cluster', 'policies', 'clock'],
  kubernetes: [
    { group: 'batch', resource: 'jobs', verbs: ['list', 'watch'], everywhere: true },
    { group: 'apps', resource: 'deployments', verbs: ['list', 'watch'], everywhere: true },
    { group: '', resource: 'pods', verbs: ['list', 'watch'], everywhere: true },
  ],
  aws: [...ROWS.watch, ...AWS.queue, ...AWS.policies],
  handler: (ports) => (options: Parameters<typeof watch>[1]) => watch(ports, options),
})
