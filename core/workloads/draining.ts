import type { KubeObject } from '../kube.ts'

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
