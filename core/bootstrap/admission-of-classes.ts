import type { Policy } from '../policy.ts'
import { podAccounts } from '../workloads/accounts.ts'
import { servingClassName } from '../workloads/priority.ts'
import { type Admission, maySetUp, PODS, PRIORITY_CLASSES } from './admission-policy.ts'

/**
 * Who may make, change or delete the class of what serves: without it no pod of a server is made, also in the place of one whose node is
 * lost. And whose pods may be of it, in every namespace: those that run under the account of servers, which Kubernetes' own controllers
 * alone start. Whoever else is of it would wait for the GPU that a rollout frees with the same right.
 */
export const classAdmission = (policy: Pick<Policy, 'installation' | 'namespaces'>): Admission[] => {
  const name = servingClassName(policy)
  const accounts = podAccounts(policy).filter(({ of }) => of === 'serving')
  return [
    {
      name: 'priorityclasses',
      when: { ours: `(oldObject == null ? object : oldObject).metadata.name == '${name}'` },
      rules: [{ operations: ['CREATE', 'UPDATE', 'DELETE'], ...PRIORITY_CLASSES }],
      validations: [maySetUp(policy, 'who makes, changes or deletes the PriorityClass of what Signalbox serves')],
    },
    {
      name: 'classes',
      when: { ours: `has(object.spec.priorityClassName) && object.spec.priorityClassName == '${name}'` },
      rules: [{ operations: ['CREATE'], ...PODS }],
      validations: [
        {
          expression: accounts
            .map(
              (one) =>
                `(request.namespace == '${one.namespace}' && has(object.spec.serviceAccountName) && object.spec.serviceAccountName == '${one.name}')`,
            )
            .join(' || '),
          message: `the PriorityClass ${name} is for what Signalbox serves alone`,
        },
      ],
    },
  ]
}
