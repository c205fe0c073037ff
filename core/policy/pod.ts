import type { V1PodSpec } from '@kubernetes/client-node'
import * as z from 'zod/mini'
import { GPU, NODE_POOL } from '../kube.ts'
import { image } from './fields.ts'
import { MERGE_KEYS, POD_KEYS } from './pod-lists.ts'
import { nearest } from './problems.ts'
import { isOurs } from './variables.ts'

/** Any part of a value. */
type Part<T> = T extends readonly (infer E)[]
  ? Part<E>[]
  : T extends object
    ? { [K in keyof T]?: Part<T[K]> | null }
    : T

/** A part of a pod, to be merged onto one of ours; `null` takes a key away. */
export type PodPatch = Part<V1PodSpec>

type Place = (string | number)[]
interface Wrong {
  path: Place
  message: string
}

/** Characters of a whole patch. */
const LONGEST = 8_000

/** What a plan, its price and its rights are made from, and what a pod may not have here: each with what to write instead. */
const NEVER: Record<string, string> = {
  restartPolicy: 'a pod is never started again by itself: every other try is an attempt, planned and priced',
  activeDeadlineSeconds: 'say `hours`: the deadline follows from them',
  nodeName: 'say `pool`: Karpenter finds the node',
  serviceAccountName: 'the account belongs to what the pod is for: give that account the right',
  serviceAccount: 'the account belongs to what the pod is for: give that account the right',
  automountServiceAccountToken: 'pods of ours never talk to the cluster',
  hostNetwork: 'a pod here never shares its node’s network',
  hostPID: 'a pod here never sees its node’s processes',
  hostIPC: 'a pod here never shares its node’s memory',
  hostPath: 'a pod here never reads its node’s disk: use `emptyDir` or a claim',
  privileged: 'a container here is never privileged',
}

/** What may be changed and never taken away as a whole: the pool, the GPUs and the program hang on it. */
const STAYS: ReadonlySet<string> = new Set([
  'containers',
  'env',
  'image',
  'limits',
  'nodeSelector',
  'requests',
  'resources',
  'tolerations',
])

/** What is merged, or read by planning: of another shape it is no pod. */
const LISTS: ReadonlySet<string> = new Set([...Object.keys(MERGE_KEYS), 'tolerations', 'args', 'command', 'envFrom'])
const MAPS: ReadonlySet<string> = new Set([
  'affinity',
  'limits',
  'nodeSelector',
  'requests',
  'resources',
  'securityContext',
])

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const childrenOf = (value: unknown, path: Place): [unknown, Place][] =>
  Array.isArray(value)
    ? value.map((one, index) => [one, [...path, index]])
    : isRecord(value)
      ? Object.entries(value).map(([key, one]) => [one, [...path, key]])
      : []

const isQuantity = (value: unknown): boolean =>
  (typeof value === 'string' && /^[0-9.]+([a-zA-Z]{1,2}|e[0-9]+)?$/.test(value)) || typeof value === 'number'

/** What is wrong with the shape of a value; null: nothing that is merged or read here. */
const misshapen = (value: unknown, key: string | number, before: string | number): string | null => {
  if (value === null) return null
  if (typeof key === 'number') {
    const by = MERGE_KEYS[String(before)]
    if (by === undefined) return null
    return isRecord(value) && ['string', 'number'].includes(typeof value[by])
      ? null
      : `say its \`${by}\`, by which it is known`
  }
  if (LISTS.has(key) && !Array.isArray(value)) return 'write a list, [ … ]'
  if (MAPS.has(key) && !isRecord(value)) return 'write { … }, by name'
  if ((before === 'limits' || before === 'requests') && !isQuantity(value))
    return 'write a quantity, such as `500m` or `2Gi`'
  if (key === 'terminationGracePeriodSeconds' && !(Number.isInteger(value) && Number(value) > 0))
    return 'write whole seconds, 1 at least'
  return null
}

/** What a patch may not say, wherever it says it. */
const wrongsIn = (value: unknown, path: Place): Wrong[] => {
  const [key = '', before = ''] = [path.at(-1), path.at(-2)]
  const wrong = (message: string): Wrong[] => [{ path, message }]
  if (typeof key === 'string' && Object.hasOwn(NEVER, key)) return wrong(NEVER[key] ?? '')
  if (value === null && STAYS.has(String(key)))
    return wrong('its pool, its GPUs and its program are what the plan says: name what is other in it')
  if (path.length === 1 && !POD_KEYS.includes(String(key))) {
    const meant = nearest(String(key), POD_KEYS)
    return wrong(`a pod’s spec has no such key${meant === null ? '' : `: did you mean \`${meant}\`?`}`)
  }
  const shape = misshapen(value, key, before)
  if (shape !== null) return wrong(shape)
  if (before === 'env' && isRecord(value) && isOurs(String(value['name'])))
    return wrong(`${String(value['name'])} is ours: a program finds its inputs and the place of its result by it`)
  if (key === NODE_POOL) return wrong('say `pool`')
  if (key === GPU && (before === 'limits' || before === 'requests'))
    return wrong('say how many GPUs where the pool is named: they are priced')
  if (typeof key === 'string' && key.startsWith('$'))
    return wrong('directives are not understood here: write null to take a key away')
  if (
    (key === 'image' || (key === 'reference' && before === 'image')) &&
    typeof value === 'string' &&
    !z.safeParse(image, value).success
  )
    return wrong('pin the image by digest: `repository@sha256:<64 hex>`')
  return childrenOf(value, path).flatMap(([one, at]) => wrongsIn(one, at))
}

/** A strategic-merge patch onto a pod’s spec, typed as Kubernetes has it. */
export const pod = z.custom<PodPatch>(isRecord, 'write a part of a pod’s spec, { … }').check(
  z.superRefine((value, context) => {
    if (!isRecord(value)) return
    if (JSON.stringify(value).length > LONGEST)
      context.addIssue({ code: 'custom', message: `a patch has at most ${LONGEST} characters` })
    for (const { path, message } of wrongsIn(value, [])) context.addIssue({ code: 'custom', path, message })
  }),
)
