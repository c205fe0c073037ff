import type { KubeObject } from '../kube.ts'

interface Condition {
  type: string
  status: string
  reason?: string | undefined
  message?: string | undefined
}

/**
 * Why nothing scales what a ScaledObject names though that stands, as KEDA says of it and Kubernetes of the autoscaler that KEDA has made; null: it
 * is scaled, as far as they say.
 */
export const whyUnscaled = (
  { metadata, status }: KubeObject<'ScaledObject'>,
  autoscaler?: KubeObject<'HorizontalPodAutoscaler'>,
): string | null => {
  const conditions = status?.conditions ?? []
  const is = (type: string): Condition | undefined => conditions.find((one) => one.type === type)
  const it = `ScaledObject ${metadata.name}`
  if (conditions.length === 0) return `KEDA has not taken up ${it}: see whether its operator runs, and what it logs`
  const paused = is('Paused')
  if (paused?.status === 'True') return `${it} is paused${saysText(paused)}`
  const ready = is('Ready')
  if (ready?.status !== 'True') return `KEDA does not scale by ${it}${saysText(ready)}`
  const falls = is('Fallback')
  if (falls?.status === 'True') return `KEDA does not know by what ${it} scales${saysText(falls)}`
  return whyStill(autoscaler)
}

/** At none it is KEDA's alone, and no autoscaler is at work. */
const AT_NONE = 'ScalingDisabled'

const whyStill = (autoscaler: KubeObject<'HorizontalPodAutoscaler'> | undefined): string | null => {
  const still = ((autoscaler?.status?.conditions ?? []) as Condition[]).find(
    ({ type, status, reason }) =>
      (type === 'ScalingActive' || type === 'AbleToScale') && status === 'False' && reason !== AT_NONE,
  )
  return still === undefined ? null : `autoscaler ${autoscaler?.metadata.name} does not scale${saysText(still)}`
}

const saysText = (condition: Condition | undefined): string => {
  const says = [condition?.reason, condition?.message].filter((text) => text !== undefined && text !== '')
  return says.length === 0 ? '' : `: ${says.join(': ')}`
}
