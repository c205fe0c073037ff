import { MARKER } from '../marker.ts'
import { type Identity, LABEL_PREFIX, label } from '../names.ts'
import type { Manifest } from './manifest.ts'

/** A write that a policy looks at. */
export interface Rule {
  operations: ('CREATE' | 'UPDATE' | 'DELETE')[]
  apiGroups: string[]
  apiVersions: string[]
  resources: string[]
}

export const DEPLOYMENTS = { apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'] }
/** Where HorizontalPodAutoscalers and `kubectl scale` write: a Scale, which has no labels but those of its selector. */
export const SCALES = { apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments/scale'] }
export const REPLICA_SETS = { apiGroups: ['apps'], apiVersions: ['v1'], resources: ['replicasets'] }
/** What makes pods besides, and never makes one of ours. */
export const OTHER_MAKERS = { apiGroups: ['apps'], apiVersions: ['v1'], resources: ['daemonsets', 'statefulsets'] }
export const SERVICES = { apiGroups: [''], apiVersions: ['v1'], resources: ['services'] }
export const JOBS = { apiGroups: ['batch'], apiVersions: ['v1'], resources: ['jobs'] }
export const BUDGETS = { apiGroups: ['policy'], apiVersions: ['v1'], resources: ['poddisruptionbudgets'] }
export const NETWORK_POLICIES = {
  apiGroups: ['networking.k8s.io'],
  apiVersions: ['v1'],
  resources: ['networkpolicies'],
}
export const INGRESSES = { apiGroups: ['networking.k8s.io'], apiVersions: ['v1'], resources: ['ingresses'] }
export const AUTOSCALERS = {
  apiGroups: ['autoscaling'],
  apiVersions: ['v1', 'v2'],
  resources: ['horizontalpodautoscalers'],
}
/** What KEDA scales by. */
export const SCALED_OBJECTS = { apiGroups: ['keda.sh'], apiVersions: ['v1alpha1'], resources: ['scaledobjects'] }
export const NAMESPACES = { apiGroups: [''], apiVersions: ['v1'], resources: ['namespaces'] }
export const NODE_POOLS = { apiGroups: ['karpenter.sh'], apiVersions: ['v1'], resources: ['nodepools'] }
export const PRIORITY_CLASSES = {
  apiGroups: ['scheduling.k8s.io'],
  apiVersions: ['v1'],
  resources: ['priorityclasses'],
}
/** Of Kueue: what it lends to a Job. */
export const WORKLOADS = { apiGroups: ['kueue.x-k8s.io'], apiVersions: ['v1beta2'], resources: ['workloads'] }
/** Service accounts; a token of one is another resource. */
export const ACCOUNTS = { apiGroups: [''], apiVersions: ['v1'], resources: ['serviceaccounts'] }
export const PODS = { apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }

/** What a policy looks at, and what must hold there: expressions of CEL. */
export interface Admission {
  name: string
  rules: Rule[]
  /** In every namespace when left out. */
  namespaces?: readonly string[]
  /** What all must hold for it to look, by name. */
  when: Record<string, string>
  /** Named in expressions as `variables.<name>`. */
  variables?: Record<string, string>
  validations: { expression: string; message: string }[]
}

/** What a policy of an installation is called. No name may end in `-` and another one: `ml-door` with `pods` would be `ml` with `door-pods`. */
export const policyName = ({ installation }: Pick<Identity, 'installation'>, name: string): string =>
  `signalbox-${installation}-${name}`

/** A policy and the binding that puts it in force. It fails closed: what cannot be judged is refused. */
export const admission = (
  identity: Pick<Identity, 'installation'>,
  { name, rules, namespaces, when, variables, validations }: Admission,
): Manifest[] => {
  const metadata = { name: policyName(identity, name), labels: { [label('installation')]: identity.installation } }
  return [
    {
      apiVersion: ADMISSION,
      kind: 'ValidatingAdmissionPolicy',
      metadata,
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: {
          resourceRules: rules,
          ...(namespaces === undefined ? {} : { namespaceSelector: { matchExpressions: [among(namespaces)] } }),
        },
        matchConditions: named(when),
        ...(variables === undefined ? {} : { variables: named(variables) }),
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

const GROUP = 'admissionregistration.k8s.io'
const ADMISSION = `${GROUP}/v1`

/** The label that the API server itself keeps on each namespace. */
const among = (namespaces: readonly string[]) => ({
  key: 'kubernetes.io/metadata.name',
  operator: 'In',
  values: [...new Set(namespaces)],
})

const named = (expressions: Record<string, string>) =>
  Object.entries(expressions).map(([name, expression]) => ({ name, expression }))

/** Whether an object carries the installation's label. */
export const isOurs = ({ installation }: Pick<Identity, 'installation'>, object: string): string =>
  `has(${object}.metadata.labels) && '${label('installation')}' in ${object}.metadata.labels && ${object}.metadata.labels['${label('installation')}'] == '${installation}'`

/** A list of texts. */
export const texts = (values: readonly string[]): string => `[${values.map((value) => `'${value}'`).join(', ')}]`

/** The right to speak for Signalbox in a namespace: doors and cluster administrators have it, `edit` and `admin` of the namespace do not. */
export const mayUse = (who: string): { expression: string; message: string } => ({
  expression: `authorizer.group('').resource('configmaps').namespace(request.namespace).name('${MARKER}').check('use').allowed()`,
  message: `${who} needs the right to \`use\` the ConfigMap ${MARKER} of the namespace`,
})

/** Who may write our policies sets up what they are about, and could take them away. */
export const maySetUp = (
  identity: Pick<Identity, 'installation'>,
  who: string,
): { expression: string; message: string } => ({
  expression: `authorizer.group('${GROUP}').resource('validatingadmissionpolicies').name('${policyName(identity, 'label')}').check('patch').allowed()`,
  message: `${who} bootstraps Signalbox: that needs the right to patch its ValidatingAdmissionPolicies`,
})

/** Whether all of a map is as it was but keys that may change. What a later Kubernetes adds to it is not among these. */
export const stays = (at: string, mayChange: string): string => {
  const [before, now] = [`oldObject.${at}`, `object.${at}`]
  const isIn = (one: string, other: string): string =>
    `(!has(${one}) || dyn(${one}).all(k, ${mayChange} || (has(${other}) && k in dyn(${other}) && dyn(${other})[k] == dyn(${one})[k])))`
  return `${isIn(before, now)} && ${isIn(now, before)}`
}

const MARKED = ['labels', 'annotations']

/** Whether each label and annotation of ours is as it was. */
export const MARKS_STAY = MARKED.map((key) => stays(`metadata.${key}`, `!k.startsWith('${LABEL_PREFIX}')`)).join(' && ')

/** Whether an object has a label or an annotation of ours. */
export const IS_MARKED = MARKED.map(
  (key) => `(has(object.metadata.${key}) && object.metadata.${key}.exists(k, k.startsWith('${LABEL_PREFIX}')))`,
).join(' || ')
