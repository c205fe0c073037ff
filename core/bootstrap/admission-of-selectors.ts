import { LABEL_PREFIX, label, RUN_NAME, SERVED_NAME } from '../names.ts'
import type { Policy } from '../policy.ts'
import { accountOf, isOf } from './admission-of-scalers.ts'
import {
  type Admission,
  AUTOSCALERS,
  BUDGETS,
  INGRESSES,
  mayUse,
  NETWORK_POLICIES,
  SCALED_OBJECTS,
  SERVICES,
  stays,
  texts,
} from './admission-policy.ts'

/**
 * Who may make what selects our pods, or names our Services and Deployments, without saying that it is ours: it would lead requests past the
 * gate or in from outside, hold drains of our nodes back, cut servers off, or have rollouts refused.
 */
export const selectorAdmission = (policy: Pick<Policy, 'installation' | 'namespaces' | 'keda'>): Admission[] => {
  const { installation } = policy
  const reaches = (reach: Reach): Admission => ({
    name: reach.name,
    namespaces: Object.values(policy.namespaces),
    // What stands is judged when it becomes another.
    when: { another: `oldObject == null || ${reach.another ?? SPEC_DIFFERS}${reach.also ?? ''}`, ours: reach.ours },
    rules: [{ operations: ['CREATE', 'UPDATE'], ...reach.what }],
    validations: [
      {
        expression: [mayUse(reach.who).expression, ...(reach.or ?? [])].join(' || '),
        message: [mayUse(reach.who).message, ...(reach.else ? [reach.else] : [])].join('; '),
      },
    ],
  })
  return [
    {
      name: 'leads',
      what: SERVICES,
      ours: `has(object.spec.selector) && size(object.spec.selector) > 0 && (${mayMeetLabels('object.spec.selector')})`,
      who: 'who leads a Service to pods of Signalbox',
      else: `one for others’ pods selects by a label that pods of Signalbox lack`,
    },
    {
      name: 'drains',
      what: BUDGETS,
      ours: `has(object.spec.selector) && (${mayMeet('object.spec.selector', installation)})`,
      who: 'who says how many pods of Signalbox a drain may take',
      else: OTHERS,
    },
    {
      name: 'networks',
      what: NETWORK_POLICIES,
      ours: `!has(object.spec.podSelector) || (${mayMeet('object.spec.podSelector', installation)})`,
      who: 'who says whom pods of Signalbox may talk to',
      else: OTHERS,
    },
    {
      name: 'ingresses',
      what: INGRESSES,
      also: ` || object.metadata.?annotations != oldObject.metadata.?annotations`,
      ours: LEADS_IN,
      who: 'who leads an Ingress to a Service of Signalbox',
    },
    {
      name: 'autoscalers',
      what: AUTOSCALERS,
      ours: `object.spec.scaleTargetRef.kind == 'Deployment' && has(object.spec.scaleTargetRef.apiVersion) && object.spec.scaleTargetRef.apiVersion.startsWith('apps/') && object.spec.scaleTargetRef.name.matches('^${SERVED_NAME}$')`,
      who: AUTOSCALED,
      or: policy.keda === undefined ? [] : [isOf([accountOf(policy.keda)])],
    },
    ...scaledObjects(policy),
  ].map(reaches)
}

const SPEC_DIFFERS = 'object.spec != oldObject.spec'

/**
 * KEDA puts its finalizer and its label on by a type of Go's, in which this is a struct: what nobody has said is written as an empty one, by it
 * and by whoever else uses that type.
 */
const SAYS_NOTHING = `(k == 'scalingModifiers' && ${['object', 'oldObject']
  .map((one) => `size(dyn(${one}.spec.?advanced.?scalingModifiers.orValue({}))) == 0`)
  .join(' && ')})`

/** What has KEDA scale: of what it names only who speaks for Signalbox says so. An annotation pauses it. */
const scaledObjects = ({ keda }: Pick<Policy, 'keda'>): Reach[] =>
  keda === undefined
    ? []
    : [
        {
          name: 'scaled-objects',
          what: SCALED_OBJECTS,
          another: `!(${stays('spec', `k == 'advanced'`)} && ${stays('spec.advanced', SAYS_NOTHING)})`,
          also: ' || object.metadata.?annotations != oldObject.metadata.?annotations',
          ours: `object.spec.scaleTargetRef.name.matches('^${SERVED_NAME}$')`,
          who: AUTOSCALED,
        },
      ]

interface Reach {
  name: string
  what: { apiGroups: string[]; apiVersions: string[]; resources: string[] }
  /** Whether it concerns what is ours. */
  ours: string
  who: string
  /** Whether its spec is another; left out: where it is not the same to the byte. */
  another?: string
  /** What makes it another, beside its spec. */
  also?: string
  /** Who else may: expressions. */
  or?: string[]
  /** What to write where it is about others. */
  else?: string
}

const AUTOSCALED =
  'how many replicas serve is said by `replicas` of the service in Signalbox’s policy: who has an autoscaler set them'

const OTHERS = `one for others’ pods selects by a label that pods of Signalbox lack, or says that ${label('installation')} does not exist`

/** Labels that pods of ours have by whoever starts, queues or places them. No pod of ours gets another by who may not `use` the marker. */
const PREFIXES = [LABEL_PREFIX, 'kueue.x-k8s.io/', 'topology.kubernetes.io/']
const KEYS = [
  'pod-template-hash',
  'controller-uid',
  'batch.kubernetes.io/controller-uid',
  'batch.kubernetes.io/job-completion-index',
]
/** Of these the value tells: a Job's name. */
const JOB_NAMES = texts(['job-name', 'batch.kubernetes.io/job-name'])

const mayHave = (key: string, named: string): string =>
  [
    ...PREFIXES.map((prefix) => `${key}.startsWith('${prefix}')`),
    `${key} in ${texts(KEYS)}`,
    `(${key} in ${JOB_NAMES} && ${named})`,
  ].join(' || ')

const isRun = (value: string): string => `${value}.matches('^${RUN_NAME}')`

/** Whether a pod of ours may have all of these labels. Who names a label of ours means ours, whatever else is said. */
const mayMeetLabels = (map: string): string =>
  `${map}.all(k, ${mayHave('k', isRun(`${map}[k]`))}) || ${map}.exists(k, k.startsWith('${LABEL_PREFIX}'))`

/** The same of a selector, whose expressions ask for a label or against one. */
const mayMeet = (selector: string, installation: string): string => {
  const [labels, expressions] = [`${selector}.matchLabels`, `${selector}.matchExpressions`]
  const leavesOut = `e.key == '${label('installation')}' && (e.operator == 'DoesNotExist' || (e.operator == 'NotIn' && '${installation}' in e.values))`
  const named = `(e.operator == 'Exists' || e.values.exists(v, ${isRun('v')}))`
  const may = `!(e.operator in ['In', 'Exists']) || ${mayHave('e.key', named)}`
  return `(!has(${labels}) || ${mayMeetLabels(labels)}) && (!has(${expressions}) || ${expressions}.all(e, !(${leavesOut}) && (${may})))`
}

const isOfService = (backend: string): string =>
  `(has(${backend}.service) && ${backend}.service.name.matches('^${SERVED_NAME}$'))`

/** By a backend, or by an annotation in which a controller reads the name of one. */
const LEADS_IN = [
  `(has(object.spec.defaultBackend) && ${isOfService('object.spec.defaultBackend')})`,
  `(has(object.spec.rules) && object.spec.rules.exists(r, has(r.http) && r.http.paths.exists(p, ${isOfService('p.backend')})))`,
  `(has(object.metadata.annotations) && object.metadata.annotations.exists(k, object.metadata.annotations[k].matches('(^|[^a-z0-9-])${SERVED_NAME}([^a-z0-9-]|$)')))`,
].join(' || ')
