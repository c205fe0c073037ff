import { label } from '../names.ts'
import type { Policy } from '../policy.ts'
import { accountAdmission } from './admission-of-accounts.ts'
import { classAdmission } from './admission-of-classes.ts'
import { doorAdmission } from './admission-of-doors.ts'
import { markAdmission } from './admission-of-marks.ts'
import { podAdmission } from './admission-of-pods.ts'
import { poolAdmission } from './admission-of-pools.ts'
import { scaledOf } from './admission-of-scalers.ts'
import { selectorAdmission } from './admission-of-selectors.ts'
import { workloadAdmission } from './admission-of-workloads.ts'
import {
  type Admission,
  admission,
  BUDGETS,
  DEPLOYMENTS,
  isOurs,
  JOBS,
  NAMESPACES,
  NODE_POOLS,
  PRIORITY_CLASSES,
  SERVICES,
} from './admission-policy.ts'
import type { Manifest } from './manifest.ts'

/** What the API server refuses: to whoever asks, on what is this installation's; to its doors; and in its namespaces. */
export const admissionPolicies = (policy: Pick<Policy, 'installation' | 'namespaces' | 'pools' | 'keda'>): Manifest[] =>
  [
    ...objectAdmission(policy),
    ...doorAdmission(policy),
    ...podAdmission(policy),
    ...markAdmission(policy),
    ...accountAdmission(policy),
    ...selectorAdmission(policy),
    ...classAdmission(policy),
    ...poolAdmission(policy),
    ...workloadAdmission(policy),
  ].flatMap((one) => admission(policy, one))

/**
 * On objects of this installation, whoever asks: a writer that read an older document (law 4: its fence, the document's revision at its
 * mark, may only grow), images that are not named by digest, and the label taken off.
 */
const objectAdmission = (identity: Pick<Policy, 'installation' | 'keda'>): Admission[] => {
  // What was ours stays so until it is deleted.
  const when = { ours: `(${isOurs(identity, 'object')}) || (oldObject != null && ${isOurs(identity, 'oldObject')})` }
  return [
    {
      name: 'fence',
      when,
      rules: [JOBS, DEPLOYMENTS, SERVICES, BUDGETS, NODE_POOLS, ...scaledOf(identity)].map((what) => ({
        operations: ['UPDATE'],
        ...what,
      })),
      validations: ['workload', 'scale', 'traffic', 'suspend', 'ceiling'].map((concern) => ({
        expression: neverLower(label(`fence-${concern}`)),
        message: `the fence of signalbox-${concern} is a number that may not go back: somebody who read a newer document has written`,
      })),
    },
    {
      name: 'digest',
      when,
      rules: [JOBS, DEPLOYMENTS].map((what) => ({ operations: ['CREATE', 'UPDATE'], ...what })),
      validations: [
        {
          expression: ALL_BY_DIGEST.join(' && '),
          message: 'images are named by digest (@sha256:…) on what Signalbox owns',
        },
      ],
    },
    {
      name: 'label',
      when,
      rules: [
        ...[JOBS, DEPLOYMENTS, SERVICES, BUDGETS, NAMESPACES, NODE_POOLS, PRIORITY_CLASSES],
        ...scaledOf(identity),
      ].map((what) => ({
        operations: ['UPDATE'],
        ...what,
      })),
      validations: [
        {
          expression: isOurs(identity, 'object'),
          message: `${label('installation')} stays on what Signalbox owns until it is deleted`,
        },
      ],
    },
  ]
}

const BY_DIGEST = `matches('@sha256:[0-9a-f]{64}$')`
const ALL_BY_DIGEST = [
  `object.spec.template.spec.containers.all(c, c.image.${BY_DIGEST})`,
  `(!has(object.spec.template.spec.initContainers) || object.spec.template.spec.initContainers.all(c, c.image.${BY_DIGEST}))`,
  `(!has(object.spec.template.spec.volumes) || object.spec.template.spec.volumes.all(v, !has(v.image) || v.image.reference.${BY_DIGEST}))`,
]

/**
 * Compared as numbers: as text, 10 comes before 9. What is no number is refused; one that stands already, as the releases
 * before wrote it, gives way to any number.
 */
const neverLower = (key: string): string => {
  const has = (object: string): string =>
    `(has(${object}.metadata.annotations) && '${key}' in ${object}.metadata.annotations)`
  const [now, before] = ['object', 'oldObject'].map((object) => `${object}.metadata.annotations['${key}']`)
  const isNumber = (value: string | undefined): string => `${value}.matches('^[0-9]{1,15}$')`
  return `(!${has('object')} || ${isNumber(now)}) && (!${has('oldObject')} || (${has('object')} && (!${isNumber(before)} || int(${now}) >= int(${before}))))`
}
