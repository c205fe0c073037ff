import type { Policy } from '../policy.ts'
import { podAccounts } from '../workloads/accounts.ts'
import { servingClassName } from '../workloads/priority.ts'
import { type Admission, PODS } from './admission-policy.ts'

/**
 * Whose pods may be of the class of what serves, in every namespace: those that run under the account of servers, which Kubernetes' own
 * controllers alone start. Whoever else is of it would wait for the GPU that a rollout frees with the same right.
 */
export const classAdmission = (policy: Pick<Policy, 'installation' | 'namespaces'>): Admission[] => {
  const name = servingClassName(policy)
  const accounts = podAccounts(policy).filter(({ of }) => of === 'serving')
  return [
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
