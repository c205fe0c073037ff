import { label } from '../names.ts'
import { BASELINE_CAPABILITIES } from '../policy/baseline.ts'
import type { Policy } from '../policy.ts'
import { type PodAccount, podAccounts } from '../workloads/accounts.ts'
import { servingClassName } from '../workloads/priority.ts'
import { scaledOf } from './admission-of-scalers.ts'
import { type Admission, BUDGETS, DEPLOYMENTS, isOurs, JOBS, SERVICES, texts } from './admission-policy.ts'
import { groupOf } from './rights.ts'

/**
 * What doors of this installation may write, whatever it says of itself: a door that was taken over makes what our builders could have
 * made, and no more.
 */
export const doorAdmission = (policy: Pick<Policy, 'installation' | 'namespaces' | 'keda'>): Admission[] => {
  const door = `request.userInfo.groups.exists(g, g.startsWith('${groupOf(policy, '')}'))`
  return [
    {
      name: 'doors',
      when: { door },
      rules: [JOBS, DEPLOYMENTS, SERVICES, BUDGETS, ...scaledOf(policy)].map((what) => ({
        operations: ['CREATE', 'UPDATE', 'DELETE'],
        ...what,
      })),
      validations: [
        {
          expression: ['object', 'oldObject'].map((one) => `(${one} == null || (${isOurs(policy, one)}))`).join(' && '),
          message: `a door of Signalbox makes, changes and deletes only what carries its ${label('installation')}`,
        },
      ],
    },
    {
      name: 'services-by-door',
      when: { door },
      rules: [{ operations: ['CREATE', 'UPDATE'], ...SERVICES }],
      validations: [
        {
          expression: IN_CLUSTER.join(' && '),
          message: 'a door of Signalbox makes Services of the type ClusterIP alone',
        },
      ],
    },
    {
      name: 'pods-by-door',
      // What stands already, as an earlier release made it, may be told to end or to scale.
      when: { door, pod: 'oldObject == null || object.spec.template.spec != oldObject.spec.template.spec' },
      rules: [JOBS, DEPLOYMENTS].map((what) => ({ operations: ['CREATE', 'UPDATE'], ...what })),
      variables: {
        pod: 'object.spec.template.spec',
        containers:
          'variables.pod.containers + (has(variables.pod.initContainers) ? variables.pod.initContainers : [])',
      },
      validations: [
        {
          expression: `(${podAccounts(policy).map(runsAs).join(' || ')}) && has(variables.pod.automountServiceAccountToken) && !variables.pod.automountServiceAccountToken`,
          message:
            'a door of Signalbox gives a pod the account that is for it in its namespace, and no token for the cluster',
        },
        {
          expression: `${NOT_OF_NODE.join(' && ')} && variables.containers.all(c, !has(c.securityContext) || (${CONTAINED.join(' && ')}))`,
          message:
            'a door of Signalbox gives no pod its node’s network, processes, memory or disk, nor more than a container has',
        },
        {
          expression: `!has(variables.pod.priorityClassName) || variables.pod.priorityClassName == '' || (request.resource.resource == 'deployments' && variables.pod.priorityClassName == '${servingClassName(policy)}')`,
          message: 'a door of Signalbox gives servers the class that is for them, and no other pod any',
        },
      ],
    },
  ]
}

/** What a person has made of a Service stays their choice. */
const IN_CLUSTER = [
  `(object.spec.type == 'ClusterIP' || (oldObject != null && oldObject.spec.type == object.spec.type))`,
  `(!has(object.spec.externalIPs) || (oldObject != null && has(oldObject.spec.externalIPs) && oldObject.spec.externalIPs == object.spec.externalIPs))`,
]

/** Servers are Deployments; what trains and what asks servers are Jobs. */
const runsAs = ({ of, name, namespace }: PodAccount): string =>
  `(request.resource.resource == '${of === 'serving' ? 'deployments' : 'jobs'}' && request.namespace == '${namespace}' && has(variables.pod.serviceAccountName) && variables.pod.serviceAccountName == '${name}')`

const NOT_OF_NODE = [
  ...['hostNetwork', 'hostPID', 'hostIPC'].map((key) => `!(has(variables.pod.${key}) && variables.pod.${key})`),
  '(!has(variables.pod.volumes) || variables.pod.volumes.all(v, !has(v.hostPath)))',
]

const CONTAINED = [
  '!(has(c.securityContext.privileged) && c.securityContext.privileged)',
  `(!has(c.securityContext.capabilities) || !has(c.securityContext.capabilities.add) || c.securityContext.capabilities.add.all(a, a in ${texts(BASELINE_CAPABILITIES)}))`,
]
