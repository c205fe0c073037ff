import { NODE_POOL } from '../kube.ts'
import { LABEL_PREFIX } from '../names.ts'
import type { Policy } from '../policy.ts'
import { podAccounts } from '../workloads/accounts.ts'
import {
  type Admission,
  DEPLOYMENTS,
  JOBS,
  MARKS_STAY,
  mayUse,
  OTHER_MAKERS,
  PODS,
  REPLICA_SETS,
  stays,
  texts,
} from './admission-policy.ts'

/**
 * Who may start pods in Signalbox's name, in its namespaces: Kubernetes' own controllers, for what was made by somebody who may `use` the
 * marker there. Results are believed by their pod, and servers get requests by their pods' labels: whoever could make such a pod
 * would say what a model is worth, or answer in its place.
 */
export const podAdmission = (policy: Pick<Policy, 'installation' | 'namespaces'>): Admission[] => {
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
          expression: `!has(object.metadata.ownerReferences) || object.metadata.ownerReferences.all(o, !(${OF_KUBERNETES}) || (${OWNED_BEFORE}))`,
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
        {
          expression: `oldObject == null || !(${isOfUs('oldObject', accounts)}) || (${UNTOUCHED}) || ${MAY_USE.expression}`,
          message: MAY_USE.message,
        },
      ],
    },
    {
      name: 'accounts',
      namespaces,
      when: {
        // A Job is never made by a controller of its own: a CronJob's is as anybody's.
        somebody: `request.resource.resource != 'replicasets' || ${exceptFor(['deployment-controller'])}`,
        ours: ['object', 'oldObject'].map((one) => inOurName(one, accounts)).join(' || '),
        // Kueue says when and where a Job's pods may go, and anybody may restart a server: neither changes what runs.
        program: `oldObject == null || !(${inOurName('oldObject', accounts)}) || !(${SAME})`,
      },
      rules: [JOBS, DEPLOYMENTS, REPLICA_SETS, OTHER_MAKERS].map((what) => ({
        operations: ['CREATE', 'UPDATE'],
        ...what,
      })),
      validations: [MAY_USE],
    },
  ]
}

const MAY_USE = mayUse('who says what runs in the name of Signalbox')

/** They have an account each, as EKS starts them; else they are one user. */
const exceptFor = (controllers: readonly string[]): string =>
  `!(request.userInfo.username in ${texts([...controllers.map((name) => `system:serviceaccount:kube-system:${name}`), 'system:kube-controller-manager'])})`

/** Others have kinds of the same name, and make pods themselves: Volcano has a Job. */
const OF_KUBERNETES =
  "(o.kind == 'Job' && o.apiVersion.startsWith('batch/')) || (o.kind == 'ReplicaSet' && o.apiVersion.startsWith('apps/'))"

/** What the garbage collector writes to an owner reference leaves whose it is. */
const OWNED_BEFORE =
  'oldObject != null && has(oldObject.metadata.ownerReferences) && oldObject.metadata.ownerReferences.exists(p, p.uid == o.uid && p.kind == o.kind && p.apiVersion == o.apiVersion)'

/** By these, controllers take a pod that belongs to nobody for theirs. A ReplicaSet has to say labels of ours, too. */
const JOB_UIDS = ['batch.kubernetes.io/controller-uid', 'controller-uid']
const KEPT = [...JOB_UIDS, 'pod-template-hash']
const isKept = `k.startsWith('${LABEL_PREFIX}') || k in ${texts(KEPT)}`

const wasSaid = (before: string, now: string): string =>
  `oldObject != null && has(${before}.labels) && k in ${before}.labels && ${before}.labels[k] == ${now}.labels[k]`

/** A template's labels that make its pods ours, or another Job's once their maker leaves them behind. The server writes its own uid into each Job's. */
const claims = (object: string): string => {
  const metadata = `${object}.spec.template.metadata`
  const labels = `${metadata}.labels`
  const other = `k in ${texts(JOB_UIDS)} && ${labels}[k] != ${object}.metadata.uid`
  return `(has(${metadata}) && has(${labels}) && ${labels}.exists(k, k.startsWith('${LABEL_PREFIX}') || (${other})))`
}

const inOurName = (object: string, accounts: string): string =>
  `(${object} != null && has(${object}.spec.template) && (${runsUnder(`${object}.spec.template.spec`, accounts)} || ${claims(object)}))`

const runsUnder = (pod: string, accounts: string): string =>
  `(has(${pod}.serviceAccountName) && ${pod}.serviceAccountName in ${accounts})`

const isOfUs = (pod: string, accounts: string): string =>
  `${runsUnder(`${pod}.spec`, accounts)} || (has(${pod}.metadata.labels) && ${pod}.metadata.labels.exists(k, k.startsWith('${LABEL_PREFIX}')))`

/** Where pods go is Kueue's to say, within the pool that was planned and priced. */
const podStays = (at: string): string[] => [
  stays(
    at,
    `(request.resource.resource in ['jobs', 'pods'] && k in ['nodeSelector', 'tolerations', 'affinity', 'schedulingGates'])`,
  ),
  stays(`${at}.nodeSelector`, `k != '${NODE_POOL}'`),
]

const KUEUES = `k.startsWith('kueue.x-k8s.io/')`

/** A program is told by labels and annotations of its template what it reads, and controllers of others put more into pods by them. */
const SAME = [
  `(request.resource.resource != 'jobs' || (${stays('spec', `k in ['suspend', 'template']`)}))`,
  stays('spec.template', `k in ['metadata', 'spec']`),
  stays('spec.template.metadata', `k in ['labels', 'annotations', 'creationTimestamp']`),
  stays('spec.template.metadata.labels', KUEUES),
  stays('spec.template.metadata.annotations', `(${KUEUES} || k == 'kubectl.kubernetes.io/restartedAt')`),
  ...podStays('spec.template.spec'),
].join(' && ')

/** A pod's image may be changed while it stands, and what it is told until it begins; and by any label of it somebody's Service could lead to it. */
const UNTOUCHED = [MARKS_STAY, stays('metadata.labels', KUEUES), ...podStays('spec')].join(' && ')
