import { wakeLadder } from '../flows/ladder.ts'
import { meter } from '../flows/meter.ts'
import { defineDoor } from './door.ts'
import { AWS, ROWS } from './rights.ts'

/**
 * The meter: sees which GPU nodes are there and whose pods are on them, and derives what they cost; where that crosses a rung, or none any
 * more, the lane of the budget is woken. It changes nothing in the cluster.
 */
export const door = defineDoor({
  name: 'meter',
  trigger: { kind: 'schedule', every: '1m' },
  ports: ['ledger', 'cluster', 'queue', 'policies', 'clock'],
  kubernetes: [
    { group: '', resource: 'pods', verbs: ['list'], everywhere: true },
    { group: '', resource: 'nodes', verbs: ['list'], everywhere: true },
    { group: 'karpenter.sh', resource: 'nodeclaims', verbs: ['list'], everywhere: true },
  ],
  aws: [...ROWS.meter, ...AWS.queue, ...AWS.policies],
  handler: (ports) => () => meter(ports).finally(() => wakeLadder(ports)),
})
