import { type Identity, label } from '../names.ts'
import type { Manifest } from './manifest.ts'

interface Rule {
  operations: ('CREATE' | 'UPDATE')[]
  apiGroups: string[]
  apiVersions: string[]
  resources: string[]
}

const DEPLOYMENTS = { apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'] }
const SERVICES = { apiGroups: [''], apiVersions: ['v1'], resources: ['services'] }
const JOBS = { apiGroups: ['batch'], apiVersions: ['v1'], resources: ['jobs'] }

/**
 * What the API server refuses on objects of this installation, whoever asks: a writer that read an older document (law 4: its
 * fence, the document's revision at its mark, may only grow), and images that are not named by digest.
 */
export const admissionPolicies = (identity: Pick<Identity, 'installation'>): Manifest[] => [
  ...policy(identity, 'fence', {
    rules: [DEPLOYMENTS, SERVICES].map((what) => ({ operations: ['UPDATE'], ...what })),
    validations: ['workload', 'scale', 'suspend'].map((concern) => ({
      expression: neverLower(label(`fence-${concern}`)),
      message: `the fence of signalbox-${concern} is a number that may not go back: somebody who read a newer document has written`,
    })),
  }),
  ...policy(identity, 'digest', {
    rules: [JOBS, DEPLOYMENTS].map((what) => ({ operations: ['CREATE', 'UPDATE'], ...what })),
    validations: [
      {
        expression: `object.spec.template.spec.containers.all(c, ${BY_DIGEST}) && (!has(object.spec.template.spec.initContainers) || object.spec.template.spec.initContainers.all(c, ${BY_DIGEST}))`,
        message: 'images are named by digest (@sha256:…) on what Signalbox owns',
      },
    ],
  }),
]

const BY_DIGEST = `c.image.matches('@sha256:[0-9a-f]{64}$')`

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

const policy = (
  { installation }: Pick<Identity, 'installation'>,
  name: string,
  { rules, validations }: { rules: Rule[]; validations: { expression: string; message: string }[] },
): Manifest[] => {
  const metadata = { name: `signalbox-${installation}-${name}` }
  const ours = (object: string): string =>
    `has(${object}.metadata.labels) && '${label('installation')}' in ${object}.metadata.labels && ${object}.metadata.labels['${label('installation')}'] == '${installation}'`
  return [
    {
      apiVersion: ADMISSION,
      kind: 'ValidatingAdmissionPolicy',
      metadata,
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: { resourceRules: rules },
        // What was ours stays so until it is deleted: taking the label off opens nothing.
        matchConditions: [
          { name: 'ours', expression: `(${ours('object')}) || (oldObject != null && ${ours('oldObject')})` },
        ],
        validations,
      },
    },
    {
      apiVersion: ADMISSION,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata,
      spec: { policyName: metadata.name, validationActions: ['Deny'] },
    },
  ]
}

const ADMISSION = 'admissionregistration.k8s.io/v1'
