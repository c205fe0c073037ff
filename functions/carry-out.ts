import type { RunKey } from '../core/names.ts'
import { carryOut } from '../flows/carry-out.ts'
import type { WorkflowContext } from '../flows/ports.ts'
import { defineDoor, OBSERVE_RIGHTS } from './door.ts'
import { AWS } from './rights.ts'

/** The workflow: one durable execution a run, started by name. Its binding wraps it in the durable SDK. */
export const door = defineDoor({
  name: 'carry-out',
  trigger: { kind: 'workflow' },
  ports: ['ledger', 'cluster', 'bus', 'chat', 'registry', 'objects', 'policies', 'workflow', 'clock'],
  kubernetes: [
    ...OBSERVE_RIGHTS,
    { group: 'batch', resource: 'jobs', verbs: ['get', 'create', 'patch', 'delete'] },
    // An apply that may make the object needs both verbs; a walk back looks before it deletes.
    { group: 'apps', resource: 'deployments', verbs: ['get', 'create', 'patch', 'delete'] },
    { group: '', resource: 'services', verbs: ['get', 'create', 'patch', 'delete'] },
    { group: '', resource: 'pods/log', verbs: ['get'] },
  ],
  aws: [...AWS.ledger, ...AWS.bus, ...AWS.policies, ...AWS.results, ...AWS.registry, ...AWS.chat, ...AWS.workflow],
  handler:
    (ports) =>
    ({ context, run }: { context: WorkflowContext; run: RunKey }) =>
      carryOut(ports, context, run),
})
