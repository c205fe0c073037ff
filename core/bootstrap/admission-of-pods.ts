import { MARKER } from '../marker.ts'
import { LABEL_PREFIX } from '../names.ts'
import type { Policy } from '../policy.ts'
import { podAccounts } from '../workloads/accounts.ts'
import { type Admission, DEPLOYMENTS, JOBS, PODS, REPLICA_SETS, texts } from './admission-policy.ts'

/**
 * Who may start pods in Signalbox's name, in its namespaces: Kubernetes' own controllers, for what was made by somebody who may `use` the
 * marker there. Results are believed by their pod, and servers get requests by their pods' labels: whoever could make such a pod
 * would say what a model is worth, or answer in its place.
 */
export const podAdmission = (policy: Pick<Policy, 'namespaces'>): Admission[] => {
  const namespaces = Object.values(policy.namespaces)
  const accounts = texts([...new Set(podAccounts(policy).map(({ name }) => name))])
  return [
    {
      name: 'pods',
      namespaces,
      when: { somebody: exceptFor(['job-controller', 'replicaset-controller']) },
      rules: [{ operations: ['CREATE', 'UPDATE'], ...PODS }],
      validations: [
        {
          expression: `!has(object.metadata.ownerReferences) || object.metadata.ownerReferences.all(o, !(o.kind in ['Job', 'ReplicaSet']) || (${OWNED_BEFORE}))`,
          message: 'only Kubernetes’ own controllers make a pod that belongs to a Job or a ReplicaSet',
        },
        {
          expression: `!has(object.metadata.labels) || object.metadata.labels.all(k, !(${isKept}) || (${wasSaid('oldObject.metadata', 'object.metadata')}))`,
          message: `only Kubernetes’ own controllers give a pod labels by which it is known: ${KEPT.join(', ')} and ${LABEL_PREFIX}…`,
        },
        {
          expression: `oldObject != null || !has(object.spec.serviceAccountName) || !(object.spec.serviceAccountName in ${accounts})`,
          message: 'only Kubernetes’ own controllers start a pod under an account of Signalbox',
        },
      ],
    },
    {
      name: 'accounts',
      namespaces,
      when: {
        somebody: exceptFor(['deployment-controller']),
        ours: `has(object.spec.template) && (${inOurName('object', accounts)})`,
        // Kueue says where a Job's pods may go, and anybody may restart a server: neither changes what runs.
        program: `oldObject == null || !(${inOurName('oldObject', accounts)}) || ${CHANGED.join(' || ')}`,
      },
      rules: [JOBS, DEPLOYMENTS, REPLICA_SETS].map((what) => ({ operations: ['CREATE', 'UPDATE'], ...what })),
      validations: [
        {
          expression: `authorizer.group('').resource('configmaps').namespace(request.namespace).name('${MARKER}').check('use').allowed()`,
          message: `who says what runs under an account or a label of Signalbox needs the right to \`use\` the ConfigMap ${MARKER} of the namespace`,
        },
      ],
    },
  ]
}

/** They have an account each, as EKS starts them; else they are one user. */
const exceptFor = (controllers: readonly string[]): string =>
  `!(request.userInfo.username in ${texts([...controllers.map((name) => `system:serviceaccount:kube-system:${name}`), 'system:kube-controller-manager'])})`

/** What the garbage collector writes to an owner reference leaves whose it is. */
const OWNED_BEFORE =
  'oldObject != null && has(oldObject.metadata.ownerReferences) && oldObject.metadata.ownerReferences.exists(p, p.uid == o.uid && p.kind == o.kind)'

/** By these, controllers take a pod that belongs to nobody for theirs. */
const KEPT = ['batch.kubernetes.io/controller-uid', 'controller-uid', 'pod-template-hash']
const isKept = `k.startsWith('${LABEL_PREFIX}') || k in ${texts(KEPT)}`

const wasSaid = (before: string, now: string): string =>
  `oldObject != null && has(${before}.labels) && k in ${before}.labels && ${before}.labels[k] == ${now}.labels[k]`

const TEMPLATE = 'object.spec.template'
const BEFORE = 'oldObject.spec.template'

const inOurName = (object: string, accounts: string): string => {
  const template = `${object}.spec.template`
  return `(has(${template}.spec.serviceAccountName) && ${template}.spec.serviceAccountName in ${accounts}) || (has(${template}.metadata) && has(${template}.metadata.labels) && ${template}.metadata.labels.exists(k, k.startsWith('${LABEL_PREFIX}')))`
}

const listAt = (place: string): string => `(has(${place}) ? ${place} : [])`

const CHANGED = [
  ...['containers', 'initContainers', 'volumes'].map(
    (key) => `${listAt(`${TEMPLATE}.spec.${key}`)} != ${listAt(`${BEFORE}.spec.${key}`)}`,
  ),
  `${TEMPLATE}.spec.?serviceAccountName != ${BEFORE}.spec.?serviceAccountName`,
  `(has(${TEMPLATE}.metadata) && has(${TEMPLATE}.metadata.labels) && ${TEMPLATE}.metadata.labels.exists(k, k.startsWith('${LABEL_PREFIX}') && !(has(${BEFORE}.metadata) && ${wasSaid(`${BEFORE}.metadata`, `${TEMPLATE}.metadata`)})))`,
]
