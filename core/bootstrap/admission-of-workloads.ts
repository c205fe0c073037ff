import { FENCE_SUSPEND, SUSPENDED_BY } from '../pods/suspended.ts'
import type { Policy } from '../policy.ts'
import { type Admission, mayUse, stays, WORKLOADS } from './admission-policy.ts'
import { groupOf } from './rights.ts'

/** What a door may change of what Kueue lends to Jobs, and who lets go on what a rung has suspended by it. Whose a Workload is none says. */
export const workloadAdmission = (policy: Pick<Policy, 'installation' | 'namespaces'>): Admission[] => [
  {
    name: 'workloads-by-door',
    when: { door: `request.userInfo.groups.exists(g, g.startsWith('${groupOf(policy, '')}'))` },
    rules: [{ operations: ['CREATE', 'UPDATE', 'DELETE'], ...WORKLOADS }],
    validations: [
      {
        expression: `object != null && oldObject != null && ${ACTIVE_ALONE.join(' && ')}`,
        message: 'a door of Signalbox changes of Kueue’s Workloads whether they are active, and makes and deletes none',
      },
    ],
  },
  {
    name: 'workloads',
    namespaces: [policy.namespaces.training],
    when: {
      rung: `has(oldObject.metadata.annotations) && '${SUSPENDED_BY}' in oldObject.metadata.annotations`,
      goes: `(has(oldObject.spec.active) && !oldObject.spec.active && (!has(object.spec.active) || object.spec.active)) || !(${MARKS_STAY})`,
    },
    rules: [{ operations: ['UPDATE'], ...WORKLOADS }],
    validations: [
      mayUse(
        'what a rung of the budget has suspended goes on by itself once that is over, or somebody lifts it with `signalbox lift`: whoever else activates its Workload',
      ),
    ],
  },
]

const OF_OURS = `(k == '${SUSPENDED_BY}' || k == '${FENCE_SUSPEND}')`
const MARKS_STAY = stays('metadata.annotations', `!${OF_OURS}`)

const ACTIVE_ALONE = [
  stays('spec', `k == 'active'`),
  stays('metadata.labels', 'false'),
  stays('metadata.annotations', OF_OURS),
].map((one) => `(${one})`)
