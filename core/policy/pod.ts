import type { V1PodSpec } from '@kubernetes/client-node'
import * as z from 'zod/mini'
import { NODE_POOL } from '../kube.ts'
import { isRecord } from '../record.ts'
import { whyNotBaseline } from './baseline.ts'
import { jsonOf, whyNoImage } from './fields.ts'
import { shown } from './shown.ts'

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
  serviceAccountToken:
    'pods of ours never talk to the cluster: what they may do in AWS, their account has; mount a Secret for others',
  hostNetwork: 'a pod here never shares its node’s network',
  hostPID: 'a pod here never sees its node’s processes',
  hostIPC: 'a pod here never shares its node’s memory',
  hostPath: 'a pod here never reads its node’s disk: use `emptyDir` or a claim',
  hostPort: 'a pod here never takes a port of its node: say `containerPort`',
  hostProcess: 'a pod here never runs as a process of its node',
  procMount: 'a container here never sees all of /proc',
  privileged: 'a container here is never privileged',
}

/** Room is held before a pod is made: one of a higher class would take what another lane holds, and its card would not say so. */
export const NO_PRIORITY =
  'a pod here takes nobody’s place, and one of a higher class would end what other lanes run: leave it out, and it waits in the pool’s line until there is room'

/**
 * The same of the pod's own fields, whose names may stand elsewhere for something else. Others may be said: a scheduler or a runtime of
 * one's own places pods where `pool` says, and containers that share their processes are all the policy's.
 */
const NEVER_OF_PODS: Record<string, string> = {
  ephemeralContainers:
    'they are for who looks into a pod that runs, and Kubernetes takes none in a template: say `initContainers`',
  overhead: 'the cluster adds it by the runtime’s class, and refuses another: say `runtimeClassName`',
  preemptionPolicy: NO_PRIORITY,
  priority: NO_PRIORITY,
  priorityClassName: NO_PRIORITY,
  resourceClaims: 'what is claimed is neither priced nor held: say how many GPUs where the pool is named',
  schedulingGates: 'nobody here would take a gate away, and the pod would wait for its whole time: leave them out',
  schedulingGroup: 'a pod here runs alone, and would wait for others for its whole time: leave it out',
}

/** Deepest nesting of a patch. */
const DEEPEST = 32

/** GPUs and the like by whatever name a device plug-in gives them; `vpc.amazonaws.com/efa` and others are free. */
const DEVICE = /^(nvidia\.com|amd\.com|gpu\.intel\.com|habana\.ai|aws\.amazon\.com)\//

/** What may be changed and never taken away as a whole: the pool, the GPUs and the program hang on it. */
const STAYS: ReadonlySet<string> = new Set([
  'containers',
  'image',
  'limits',
  'nodeSelector',
  'requests',
  'resources',
  'tolerations',
])

const childrenOf = (value: unknown, path: Place): [unknown, Place][] =>
  Array.isArray(value)
    ? value.map((one, index) => [one, [...path, index]])
    : isRecord(value)
      ? Object.entries(value).map(([key, one]) => [one, [...path, key]])
      : []

/** Whether something has more levels; what has itself in it has no end of them. */
const isDeeper = (value: unknown, levels: number): boolean =>
  childrenOf(value, []).some(([one]) => levels === 0 || isDeeper(one, levels - 1))

/** Of a container before the others: Kubernetes' own way to say a sidecar. */
const NO_SIDECAR =
  'what runs before the others ends by itself here: say it as one more of `containers`, which ends once the program has (a file that it leaves, for example), or the Job runs to its deadline'

const whyNever = (key: string, isOfPod: boolean): string | null => {
  if (Object.hasOwn(NEVER, key)) return NEVER[key] ?? null
  return isOfPod && Object.hasOwn(NEVER_OF_PODS, key) ? (NEVER_OF_PODS[key] ?? null) : null
}

/** A container’s image, and the one that a volume is made of. */
const whyNoImageAt = (key: string | number, before: string | number, value: unknown): string | null => {
  const isImage = key === 'image' || (key === 'reference' && before === 'image')
  return isImage && typeof value === 'string' ? whyNoImage(value) : null
}

/** What a patch may not say, wherever it says it. */
const wrongsIn = (value: unknown, path: Place): Wrong[] => {
  const [key = '', before = ''] = [path.at(-1), path.at(-2)]
  const wrong = (message: string): Wrong[] => [{ path, message }]
  const isBefore = key === 'restartPolicy' && path[0] === 'initContainers'
  const never = isBefore ? NO_SIDECAR : whyNever(String(key), path.length === 1)
  if (never !== null) return wrong(never)
  if (value === null && STAYS.has(String(key)))
    return wrong('its pool, its GPUs and its program are what the plan says: name what is other in it')
  if (typeof value === 'bigint')
    return wrong(`a policy is JSON, which has no such number: write ${value}; found ${value}n`)
  if (key === NODE_POOL) return wrong('say `pool`')
  if (DEVICE.test(String(key)) && (before === 'limits' || before === 'requests'))
    return wrong('say how many GPUs where the pool is named: they are priced')
  if (typeof key === 'string' && key.startsWith('$'))
    return wrong('directives are not understood here: write null to take a key away')
  const noImage = whyNoImageAt(key, before, value)
  if (noImage !== null) return wrong(noImage)
  const refused = whyNotBaseline(path, value)
  if (refused !== null) return wrong(refused)
  return childrenOf(value, path).flatMap(([one, at]) => wrongsIn(one, at))
}

/** Whether a key of a pod's spec may be said here. */
export const maySay = (key: string): boolean => whyNever(key, true) === null

/** A strategic-merge patch onto a pod’s spec, typed as Kubernetes has it. */
export const pod = z
  .custom<PodPatch>((value) => isRecord(value) && !isDeeper(value, DEEPEST), {
    error: ({ input }) =>
      isRecord(input)
        ? `it is nested deeper than ${DEEPEST} levels, or has itself in it: write a part of a pod’s spec, which has a dozen`
        : `write a part of a pod’s spec, { … }; found ${shown(input)}`,
  })
  .check(
    z.superRefine((value, context) => {
      if (!isRecord(value)) return
      if (jsonOf(value).length > LONGEST)
        context.addIssue({ code: 'custom', message: `a patch has at most ${LONGEST} characters` })
      for (const { path, message } of wrongsIn(value, [])) context.addIssue({ code: 'custom', path, message })
    }),
  )
