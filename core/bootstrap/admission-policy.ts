import { type Identity, label } from '../names.ts'
import type { Manifest } from './manifest.ts'

/** A write that a policy looks at. */
export interface Rule {
  operations: ('CREATE' | 'UPDATE' | 'DELETE')[]
  apiGroups: string[]
  apiVersions: string[]
  resources: string[]
}

export const DEPLOYMENTS = { apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'] }
export const REPLICA_SETS = { apiGroups: ['apps'], apiVersions: ['v1'], resources: ['replicasets'] }
/** What makes pods besides, and never makes one of ours. */
export const OTHER_MAKERS = { apiGroups: ['apps'], apiVersions: ['v1'], resources: ['daemonsets', 'statefulsets'] }
export const SERVICES = { apiGroups: [''], apiVersions: ['v1'], resources: ['services'] }
export const DISRUPTION_BUDGETS = { apiGroups: ['policy'], apiVersions: ['v1'], resources: ['poddisruptionbudgets'] }
export const JOBS = { apiGroups: ['batch'], apiVersions: ['v1'], resources: ['jobs'] }
export const NAMESPACES = { apiGroups: [''], apiVersions: ['v1'], resources: ['namespaces'] }
export const NODE_POOLS = { apiGroups: ['karpenter.sh'], apiVersions: ['v1'], resources: ['nodepools'] }
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

/** A policy and the binding that puts it in force. It fails closed: what cannot be judged is refused. */
export const admission = (
  { installation }: Pick<Identity, 'installation'>,
  { name, rules, namespaces, when, variables, validations }: Admission,
): Manifest[] => {
  const metadata = { name: `signalbox-${installation}-${name}` }
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

const ADMISSION = 'admissionregistration.k8s.io/v1'

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
