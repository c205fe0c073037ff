/** Seconds until the endpoint is gone everywhere; requests in flight drain after that, and the kubelet waits for both. */
export const PRE_STOP = 15

/** Seconds that engines give requests in flight. */
export const DRAIN = 300

/** Seconds that a pod has to end which serves. */
export const servingGrace = (drain: number): number => PRE_STOP + drain + 15
