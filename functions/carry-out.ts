import type { RunKey } from '../core/names.ts'
import { carryOut } from '../flows/carry-out.ts'
import type { WorkflowContext } from '../flows/ports.ts'
import { defineDoor } from './door.ts'

/** The workflow: one durable execution a run, started by name. Its binding wraps it in the durable SDK. */
export const door = defineDoor({
  name: 'carry-out',
  trigger: { kind: 'workflow' },
  ports: ['ledger', 'cluster', 'bus', 'chat', 'registry', 'objects', 'policies', 'secrets', 'workflow', 'clock'],
  kubernetes: [
    { group: 'batch', resource: 'jobs', verbs: ['get', 'create', 'patch', 'delete'] },
    { group: 'apps', resource: 'deployments', verbs: ['list', 'patch'] },
    { group: '', resource: 'services', verbs: ['patch'] },
    { group: '', resource: 'pods', verbs: ['list'] },
    { group: '', resource: 'pods/log', verbs: ['get'] },
    { group: '', resource: 'nodes', verbs: ['list'] },
    { group: 'autoscaling', resource: 'horizontalpodautoscalers', verbs: ['list'] },
    { group: 'karpenter.sh', resource: 'nodepools', verbs: ['list'] },
  ],
  handler:
    (ports) =>
    ({ context, run }: { context: WorkflowContext; run: RunKey }) =>
      carryOut(ports, context, run),
})
