import type { Policy } from '../policy.ts'
import { podAccounts } from '../workloads/accounts.ts'
import { ACCOUNTS, type Admission, maySetUp, texts } from './admission-policy.ts'

/**
 * Who may make, change or delete the accounts that pods of ours run as: an annotation there gives every pod a role of AWS and a token for
 * it, or keeps its Secrets from it; where images are pulled from is said there, too; and without its account no pod is made.
 */
export const accountAdmission = (policy: Pick<Policy, 'installation' | 'namespaces'>): Admission[] => {
  const names = texts([...new Set(podAccounts(policy).map(({ name }) => name))])
  const { expression, message } = maySetUp(
    policy,
    'who makes, changes or deletes an account that pods of Signalbox run as',
  )
  return [
    {
      name: 'serviceaccounts',
      namespaces: Object.values(policy.namespaces),
      when: { ours: `(oldObject == null ? object : oldObject).metadata.name in ${names}` },
      rules: [{ operations: ['CREATE', 'UPDATE', 'DELETE'], ...ACCOUNTS }],
      validations: [{ expression: `(${GOES_WITH_ITS_NAMESPACE}) || ${expression}`, message }],
    },
  ]
}

/** Else a namespace that is deleted would never be gone: who empties it may do nothing but that. */
const GOES_WITH_ITS_NAMESPACE = `request.operation == 'DELETE' && has(namespaceObject.metadata.deletionTimestamp)`
