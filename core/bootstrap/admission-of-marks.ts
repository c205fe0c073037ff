import { gitOpsKeys } from '../gitops.ts'
import { label } from '../names.ts'
import { SUSPENDED_BY } from '../pods/suspended.ts'
import type { Policy } from '../policy.ts'
import { isOf, scaledOf, scalersOf } from './admission-of-scalers.ts'
import {
  type Admission,
  BUDGETS,
  DEPLOYMENTS,
  IS_MARKED,
  isOurs,
  JOBS,
  MARKS_STAY,
  maySetUp,
  mayUse,
  NAMESPACES,
  NODE_POOLS,
  PRIORITY_CLASSES,
  SCALES,
  SERVICES,
  stays,
  texts,
} from './admission-policy.ts'

/**
 * Who may say that something is Signalbox's, and what is said of it there: where its Services lead, how many replicas serve. Objects
 * of ours are found by their labels, and a rollout counts on the replicas that its plan has set.
 */
export const markAdmission = (policy: Pick<Policy, 'installation' | 'namespaces' | 'keda'>): Admission[] => {
  const namespaces = Object.values(policy.namespaces)
  const was = isOurs(policy, 'oldObject')
  return [
    {
      name: 'services',
      namespaces,
      when: { ours: was, way: 'object.spec != oldObject.spec' },
      rules: [SERVICES, BUDGETS].map((what) => ({ operations: ['UPDATE'], ...what })),
      validations: [mayUse('who says what answers in the name of Signalbox, or how much of it a drain may take,')],
    },
    {
      name: 'marks',
      namespaces,
      when: {
        // A fence that somebody raises would stop every write of ours, and nobody could lower it.
        marks: `oldObject == null ? (${IS_MARKED}) : !(${MARKS_STAY})`,
        // Taking the installation's label off is refused to everybody, in words of its own.
        kept: `oldObject == null || !(${was}) || (${isOurs(policy, 'object')})`,
      },
      rules: [JOBS, DEPLOYMENTS, SERVICES, BUDGETS, ...scaledOf(policy)].map((what) => ({
        operations: ['CREATE', 'UPDATE'],
        ...what,
      })),
      validations: [mayUse(`who writes labels or annotations ${label('…')} says what is Signalbox’s, and`)],
    },
    {
      name: 'owners',
      namespaces,
      // It would have each rollout of ours refused, in the name of somebody who does nothing.
      when: { ours: was, owners: `!(${OWNERS_STAY})` },
      rules: [{ operations: ['UPDATE'], ...DEPLOYMENTS }],
      validations: [mayUse('who says that Argo CD or Flux owns what is Signalbox’s')],
    },
    { ...SUSPENDED, namespaces, when: { ours: was, ...SUSPENDED.when } },
    {
      name: 'scale',
      namespaces,
      // The server makes what was before: no writer says there whose it is. One that changes no number would still own it from then on.
      when: {
        ours: `has(oldObject.status) && has(oldObject.status.selector) && oldObject.status.selector.split(',').exists(s, s == '${label('installation')}=${policy.installation}')`,
      },
      rules: [{ operations: ['UPDATE'], ...SCALES }],
      validations: [orScales(policy, SCALED)],
    },
    {
      name: 'replicas',
      namespaces,
      when: { ours: was, replicas: 'object.spec.replicas != oldObject.spec.replicas' },
      rules: [{ operations: ['UPDATE'], ...DEPLOYMENTS }],
      validations: [SCALED],
    },
    {
      name: 'places',
      when: { claimed: `(${isOurs(policy, 'object')}) && (oldObject == null || !(${was}))` },
      rules: [NAMESPACES, NODE_POOLS, PRIORITY_CLASSES].map((what) => ({ operations: ['CREATE', 'UPDATE'], ...what })),
      validations: [maySetUp(policy, `who gives a Namespace, a NodePool or a PriorityClass ${label('installation')}`)],
    },
  ]
}

/** What somebody else has suspended, or Kueue, is theirs to let go. */
const SUSPENDED: Admission = {
  name: 'suspended',
  when: {
    rung: `has(oldObject.metadata.annotations) && '${SUSPENDED_BY}' in oldObject.metadata.annotations`,
    goes: 'has(oldObject.spec.suspend) && oldObject.spec.suspend && !(has(object.spec.suspend) && object.spec.suspend)',
  },
  rules: [{ operations: ['UPDATE'], ...JOBS }],
  validations: [
    mayUse(
      'what a rung of the budget has suspended goes on by itself once that is over, or somebody lifts it with `signalbox lift`: whoever else lets it go',
    ),
  ],
}

const OWNERS_STAY = (['labels', 'annotations'] as const)
  .map((key) => stays(`metadata.${key}`, `!(k in ${texts(gitOpsKeys(key))})`))
  .join(' && ')

/** Nobody but KEDA has an autoscaler of ours, as of a ScaledObject that nobody but Signalbox makes: how far they go, these say. */
const orScales = (policy: Pick<Policy, 'keda'>, { expression, message }: typeof SCALED): typeof SCALED =>
  policy.keda === undefined ? SCALED : { expression: `${expression} || ${isOf(scalersOf(policy.keda))}`, message }

const SCALED = mayUse(
  'how many replicas serve is said by `replicas` of the service in Signalbox’s policy: whoever else scales, as `kubectl scale` or a HorizontalPodAutoscaler,',
)
