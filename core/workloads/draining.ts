import type { KubeObject } from '../kube.ts'
import type { Range } from '../plan.ts'

/** Seconds until the endpoint is gone everywhere; requests in flight drain after that, and the kubelet waits for both. */
export const PRE_STOP = 15

/** Seconds that engines give requests in flight. */
export const DRAIN = 300

/** Seconds that a pod has to end which serves. */
export const servingGrace = (drain: number): number => PRE_STOP + drain + 15

/** Seconds that a stage has to end: it is told so early that this fits into its bad case, which is what is priced. */
export const graceOfStage = ({ hours }: { hours: { p95: number } }): number =>
  Math.max(1, Math.min(120, Math.floor((hours.p95 * 3600) / 4)))

/** Milliseconds that a server has to end in; of what is no Deployment 0. */
export const graceOfServing = (object: KubeObject): number =>
  ((object as KubeObject<'Deployment'>).spec?.template?.spec?.terminationGracePeriodSeconds ?? 0) * 1000

/** Hours that a server takes to end: as a rule what it waits for before it is told, and in the bad case all that it has. */
export const drainHours = (object: KubeObject): Range => hoursBeyond(object, { waits: 0, grace: 0 })

/** The same beyond what one does that nothing else is set for. */
export const longDrainHours = (object: KubeObject): Range =>
  hoursBeyond(object, { waits: PRE_STOP, grace: servingGrace(DRAIN) })

/** Seconds that are left out. */
const hoursBeyond = (object: KubeObject, usual: { waits: number; grace: number }): Range => {
  const spec = (object as KubeObject<'Deployment'>).spec?.template?.spec
  const waits = Math.max(0, ...(spec?.containers ?? []).map(({ lifecycle }) => lifecycle?.preStop?.sleep?.seconds ?? 0))
  const beyond = Math.max(0, graceOfServing(object) / 1000 - usual.grace)
  return { p50: Math.min(Math.max(0, waits - usual.waits), beyond) / 3600, p95: beyond / 3600 }
}
