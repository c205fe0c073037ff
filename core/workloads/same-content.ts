import { canonicalJson } from '../digest.ts'
import type { FieldManager, KubeObject } from '../kube.ts'
import { numberIn } from '../quantity.ts'
import { isRecord } from '../record.ts'
import {
  type FieldPath,
  fieldText,
  itemPart,
  type Managed,
  managedOf,
  owns,
  saidAt,
  startsWith,
} from './managed-fields.ts'
import { DIGEST_ANNOTATION, objectDigest } from './object-digest.ts'
import { isReset } from './set-right.ts'

/** A field that somebody has changed of what we apply, or added to it; and who, where the API server knows. */
export interface Edit {
  field: string
  by: string | null
}

/**
 * What somebody has changed of an object of ours since it was applied, the same whatever its annotations say. Only what we apply is
 * compared: defaults of the server, quantities as it writes them, and what an admission adds or makes of our own request are no edits. `applied`:
 * what it was made from; null: nobody knows any more, so that it is told by who owns what its containers do.
 */
export const editsOf = (live: KubeObject, applied: KubeObject | null): Edit[] => {
  const managed = managedOf(live)
  const [ours, others] = [managed.filter(({ isOurs }) => isOurs), managed.filter(({ isOurs }) => !isOurs)]
  const hands = handsIn(live, { ours, others }, applied)
  const isTold = (path: FieldPath): boolean =>
    hands.some((hand) => hand.path.length < path.length && startsWith(path, hand.path))
  const changed = applied === null ? [] : [...differing(specOf(applied), specOf(live), SPEC), ...led(applied, live)]
  const edits = changed
    // What is ours as it stands was made so when we asked for it.
    .filter((path) => !owns(ours, path) && !isTold(path) && !ofNoPod(path))
    .map((path) => ({ field: fieldText(path), by: others.find((one) => owns([one], path))?.manager ?? null }))
  return applied === null && hands.length > 0 && isAsApplied(live, ours, hands)
    ? []
    : distinct([...edits, ...hands.map(({ path, by }) => ({ field: fieldText(path), by }))])
}

/**
 * What stands that was not applied and that no server fills in: all that can be told of what a ReplicaSet makes pods from, since nobody knows who
 * owns what of it. What a restart has written into it counts: pods that are made from anything else are other pods.
 */
export const addedTo = (live: KubeObject, applied: KubeObject): Edit[] =>
  differing(specOf(live), specOf(applied), SPEC)
    .filter((path) => path.at(-1) !== POD_TEMPLATE_HASH && !isFilledIn(live, path))
    .map((path) => ({ field: fieldText(path), by: null }))

/** How a Deployment tells its ReplicaSets apart. */
const POD_TEMPLATE_HASH = 'pod-template-hash'

/** A selector is one value: what is added to it selects nothing of ours, whoever owns it. */
const led = (applied: KubeObject, live: KubeObject): FieldPath[] => {
  const [wanted, now] = [applied, live].map((object) => valueAt(object, SELECTOR))
  const isMore = wanted !== undefined && differing(wanted, now).length === 0 && differing(now, wanted).length > 0
  return isMore ? [SELECTOR] : []
}

const WORKLOAD: FieldManager = 'signalbox-workload'

/** Whether what we have said, with what others have set of it since, is what its digest was made of, to the byte: it was set back. */
const isAsApplied = (live: KubeObject, ours: readonly Managed[], hands: readonly Setting[]): boolean => {
  // Replicas are another manager's of ours.
  const workload = ours.filter(({ manager }) => manager === WORKLOAD)
  const paths = [...workload.flatMap((one) => one.paths), ...hands.map(({ path }) => path)]
  const { metadata, ...said } = saidAt(live, paths) as KubeObject
  const { apiVersion, kind } = live
  const { name, namespace, annotations = {} } = live.metadata
  const whole = { ...said, apiVersion, kind, metadata: { ...metadata, name, namespace } } as KubeObject
  return objectDigest(whole) === annotations[DIGEST_ANNOTATION]
}

/** `kubectl-set has changed .spec.template.spec.containers[name="vllm"].image`. */
export const editsText = (edits: readonly Edit[]): string => {
  const by = [...new Set(edits.map(({ by: one }) => one ?? 'somebody'))].join(' and ')
  const fields = edits.slice(0, FIELDS).map(({ field }) => field)
  const more = edits.length > FIELDS ? `${fields.join(', ')} and ${edits.length - FIELDS} more` : fields.join(', ')
  return `${by} ${by.includes(' and ') ? 'have' : 'has'} changed ${more}`
}

/** Fields that a sentence names. */
const FIELDS = 3

/** Where the second lacks something of the first, or has it otherwise: what it has beside is nobody's matter here. */
export const differing = (wanted: unknown, live: unknown, at: FieldPath = []): FieldPath[] => {
  // What is not said is nobody's, and nothing is nothing however it is written.
  if (wanted === undefined || wanted === null || (isNothing(wanted) && isNothing(live))) return []
  if (isRecord(wanted)) {
    if (!isRecord(live)) return isNothing(live) && isEmptied(wanted) ? [] : [at]
    return Object.entries(wanted).flatMap(([key, value]) => differing(value, live[key], [...at, key]))
  }
  if (Array.isArray(wanted)) return differingList(wanted, live, at)
  return isSameValue(wanted, live, at) ? [] : [at]
}

const differingList = (wanted: readonly unknown[], live: unknown, at: FieldPath): FieldPath[] => {
  if (!Array.isArray(live)) return [at]
  const list = at.at(-1) ?? ''
  const parts = wanted.map((item) => itemPart(list, item))
  if (parts.every((part) => part !== null))
    return wanted.flatMap((item, index) => {
      const part = parts[index] ?? ''
      return differing(item, live.find((one) => itemPart(list, one) === part), [...at, part]) // biome-ignore format: one item
    })
  // Any other list is one value.
  const isSame =
    wanted.length === live.length && wanted.every((item, index) => differing(item, live[index], at).length === 0)
  return isSame ? [] : [at]
}

/** What the server leaves out of what it stores. */
const isNothing = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  value === false ||
  value === 0 ||
  (Array.isArray(value) && value.length === 0)

const isEmptied = (value: Record<string, unknown>): boolean =>
  Object.values(value).every((inner) => isNothing(inner) || (isRecord(inner) && isEmptied(inner)))

const QUANTITIES: ReadonlySet<string> = new Set(['limits', 'requests', 'sizeLimit', 'divisor'])

const isSameValue = (wanted: unknown, live: unknown, at: FieldPath): boolean => {
  if (canonicalJson(wanted) === canonicalJson(live ?? null)) return true
  const [one, other] = [numberIn(wanted), numberIn(live)]
  if (one === null || other === null || !at.some((part) => QUANTITIES.has(part))) return false
  // `0.1` and `100m` are the same to the server, and not to the last bit here.
  return Math.abs(one - other) <= Math.abs(one) * 1e-9
}

const SPEC: FieldPath = ['spec']
const SELECTOR: FieldPath = ['spec', 'selector']
const TEMPLATE: FieldPath = ['spec', 'template']
const POD: FieldPath = [...TEMPLATE, 'spec']
const CONTAINERS: ReadonlySet<string> = new Set(['containers', 'initContainers'])
/** What makes pods anew as they were. */
const RESTARTS: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/restartedAt',
  'cattle.io/timestamp',
  'reloader.stakater.com/last-reloaded-from',
])

/**
 * How a Deployment would go from one template to another, which ours never do, and how long it is waited for: whoever sets these, its pods
 * are what they were.
 */
const OF_NO_POD = ['minReadySeconds', 'progressDeadlineSeconds', 'revisionHistoryLimit', 'strategy']

const ofNoPod = ([root, field = '']: FieldPath): boolean => root === 'spec' && OF_NO_POD.includes(field)

/** A field that somebody else has set. */
interface Setting {
  path: FieldPath
  by: string
}

/** What others alone own of what we make, which they have set there; where it is known what was applied, only what is not as that. */
const handsIn = (
  live: KubeObject,
  { ours, others }: { ours: readonly Managed[]; others: readonly Managed[] },
  applied: KubeObject | null,
): Setting[] => {
  const isOurs = (path: FieldPath): boolean => ours.some((one) => one.paths.some((own) => startsWith(own, path)))
  const hasPods = valueAt(live, POD) !== undefined
  // What nobody of ours has a field of was made anew from a copy by somebody else.
  if (!isOurs(hasPods ? POD : SPEC)) return []
  const isSet = (path: FieldPath): boolean => {
    const value = valueAt(live, path)
    const before = applied === null ? undefined : valueAt(applied, path)
    if (value === undefined || value === null || (isRecord(value) && Object.keys(value).length === 0)) return false
    if (before === undefined) return hasPods ? !isFilledIn(live, path) : isReset(path, value)
    return differing(before, value, path).length > 0 || differing(value, before, path).length > 0
  }
  return others.flatMap(({ manager, paths }) =>
    distinctPaths(paths.filter((path) => !owns(ours, path)).map((path) => tellingOf(path, isOurs)))
      .filter(isSet)
      .map((path) => ({ path, by: manager })),
  )
}

/** The field that is to be told of, or the whole container where that is not one of ours; null: it is another manager's of ours, or starts pods as they are. */
const tellingOf = (path: FieldPath, isOurs: (path: FieldPath) => boolean): FieldPath | null => {
  const [root, field] = path
  if (root !== 'spec' || field === 'replicas' || ofNoPod(path) || RESTARTS.has(path.at(-1) ?? '')) return null
  const container = path.slice(0, POD.length + 2)
  const isContainer = startsWith(path, POD) && CONTAINERS.has(path[POD.length] ?? '')
  return isContainer && !isOurs(container) ? container : path
}

/** What the server fills in where nobody says it. */
const FILLED_IN: Readonly<Record<string, unknown>> = {
  apiVersion: 'v1',
  defaultMode: 0o644,
  dnsPolicy: 'ClusterFirst',
  failureThreshold: 3,
  periodSeconds: 10,
  protocol: 'TCP',
  restartPolicy: 'Always',
  schedulerName: 'default-scheduler',
  scheme: 'HTTP',
  successThreshold: 1,
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
  timeoutSeconds: 1,
}

/** Whether a field is as the server fills it in, so that who sends back what was read owns it, and has changed nothing. */
const isFilledIn = (live: KubeObject, path: FieldPath): boolean => {
  const [at, field = ''] = [path.lastIndexOf('requests'), path.at(-1)]
  const value = valueAt(live, path)
  if (field === 'imagePullPolicy') return value === pullsBy(valueAt(live, path.with(-1, 'image')))
  if (field === 'serviceAccount') return value === valueAt(live, path.with(-1, 'serviceAccountName'))
  if (Object.hasOwn(FILLED_IN, field)) return canonicalJson(FILLED_IN[field]) === canonicalJson(value)
  return at !== -1 && isSameValue(value, valueAt(live, path.with(at, 'limits')), path)
}

/** How the server has an image pulled where nobody says it: what may be another by now, each time. */
const pullsBy = (image: unknown): string => {
  const [name = ''] = String(image).split('/').slice(-1)
  const isLatest = !name.includes('@') && (!name.includes(':') || name.endsWith(':latest'))
  return isLatest ? 'Always' : 'IfNotPresent'
}

const valueAt = (object: KubeObject, path: FieldPath): unknown => {
  let value: unknown = object
  for (const [index, part] of path.entries()) {
    if (Array.isArray(value)) value = value.find((item) => itemPart(path[index - 1] ?? '', item) === part)
    else value = isRecord(value) ? value[part] : undefined
  }
  return value
}

const distinctPaths = (paths: readonly (FieldPath | null)[]): FieldPath[] => [
  ...new Map(paths.filter((path) => path !== null).map((path) => [fieldText(path), path])).values(),
]

const specOf = (object: KubeObject): unknown => ('spec' in object ? object.spec : undefined)

const distinct = (edits: readonly Edit[]): Edit[] => [...new Map(edits.map((edit) => [edit.field, edit])).values()]
