import { MARKER } from '../core/marker.ts'
import { outboxOf, tellAll } from '../flows/outbox.ts'
import type { WorkPorts } from '../flows/ports.ts'
import { type Reconciled, reconcile } from '../flows/reconcile.ts'
import { CATALOGUES, defineDoor, MARKER_RIGHTS, OBSERVE_RIGHTS } from './door.ts'
import { AWS, ROWS } from './rights.ts'
import { unique } from './unique.ts'

/** A group of the queue that was woken, and T: how long another invocation may still be at a step that it marked. */
export interface Woken {
  group: string
  /** Milliseconds. */
  handover: number
  /** Aborts when the function is soon ended. */
  timeUp?: AbortSignal
}

/** The work queue's one consumer: brings the lane as far as it can go now, or tells what a lane has to tell. */
export const door = defineDoor({
  name: 'reconcile',
  trigger: { kind: 'queue' },
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
  kubernetes: [
    ...OBSERVE_RIGHTS,
    { group: 'batch', resource: 'jobs', verbs: ['get', 'create', 'patch', 'delete'] },
    // An apply that may make the object needs both verbs.
    { group: 'apps', resource: 'deployments', verbs: ['get', 'create', 'patch', 'delete'] },
    { group: '', resource: 'services', verbs: ['get', 'create', 'patch', 'delete'] },
    { group: 'policy', resource: 'poddisruptionbudgets', verbs: ['get', 'create', 'patch'] },
    // What KEDA scales a generation by, which goes before replicas are moved.
    { group: 'keda.sh', resource: 'scaledobjects', verbs: ['get', 'create', 'patch', 'delete'], scaled: true },
    // Without the class that it names no pod of a server is made.
    { group: 'scheduling.k8s.io', resource: 'priorityclasses', verbs: ['get'], everywhere: true },
    { group: '', resource: 'pods/log', verbs: ['get'] },
    // Why a pod has no node, or is not begun; where a node could not be started that stands beside no namespace of ours.
    { group: '', resource: 'events', verbs: ['list'], everywhere: true },
    { group: 'karpenter.sh', resource: 'nodeclaims', verbs: ['list'], everywhere: true },
    // How high the policy's pools go: admission lets a door change nothing else of them, and no ceiling go above what the policy allows.
    { group: 'karpenter.sh', resource: 'nodepools', verbs: ['get', 'patch', 'use'], of: 'pools', everywhere: true },
    // What Kueue lends to Jobs of ours: admission lets a door change nothing of it but whether it is active, and by whom.
    { group: 'kueue.x-k8s.io', resource: 'workloads', verbs: ['get', 'list', 'patch'], lent: true },
    ...MARKER_RIGHTS,
    // Pods under our accounts and labels.
    { group: '', resource: 'configmaps', verbs: ['use'], names: [MARKER] },
  ],
  aws: [
    ...ROWS.reconcile,
    ...AWS.queue,
    ...AWS.wakes,
    ...AWS.bus,
    ...AWS.policies,
    ...AWS.datasets,
    ...AWS.results,
    ...AWS.registry,
    ...AWS.alertRules,
    ...AWS.measures,
    ...AWS.chat,
  ],
  handler: (ports) => (woken: Woken) => work(ports, woken),
})

const work = async (ports: WorkPorts, { group, handover, timeUp }: Woken): Promise<Reconciled | 'told'> => {
  const outbox = outboxOf(group)
  if (outbox === null) return reconcile(ports, group, { ...CATALOGUES, me: unique(), handover, mint: unique, timeUp })
  await tellAll(ports, { ...outbox, timeUp })
  return 'told'
}
