import type { KubeObject } from '../../core/kube.ts'
import { isOfGpus } from '../../core/pools/counts.ts'
import { canonicalQuantities } from './quantities.ts'
import type { Deployment, Job, Pod } from './wire.ts'

type Spec = NonNullable<Pod['spec']>

/** The object as the server keeps it: quantities written its own way, and what it fills in where nothing was said. Nobody owns a default that an apply left out. */
export const withDefaults = <T extends KubeObject>(object: T): T => {
  const copy = structuredClone(object)
  switch (copy.kind) {
    case 'Job':
      jobDefaults(copy as Job)
      break
    case 'Deployment':
      deploymentDefaults(copy as Deployment)
      break
    case 'Pod':
      podDefaults((copy as Pod).spec, 'Always')
      break
    case 'Service':
      serviceDefaults(copy as KubeObject<'Service'>)
      break
  }
  return copy
}

const jobDefaults = ({ spec }: Job): void => {
  if (spec === undefined) return
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1
  spec.parallelism ??= 1
  spec.backoffLimit ??= 6
  spec.completionMode ??= 'NonIndexed'
  spec.suspend ??= false
  spec.podReplacementPolicy ??= spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed'
  podDefaults(spec.template?.spec)
}

const deploymentDefaults = ({ spec }: Deployment): void => {
  if (spec === undefined) return
  spec.replicas ??= 1
  spec.progressDeadlineSeconds ??= 600
  spec.revisionHistoryLimit ??= 10
  spec.strategy ??= { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } }
  podDefaults(spec.template?.spec, 'Always')
}

const podDefaults = (spec: Spec | undefined, restartPolicy?: string): void => {
  if (spec === undefined || spec === null) return
  if (restartPolicy !== undefined) spec.restartPolicy ??= restartPolicy
  canonicalQuantities(spec)
  spec.terminationGracePeriodSeconds ??= 30
  spec.dnsPolicy ??= 'ClusterFirst'
  spec.schedulerName ??= 'default-scheduler'
  for (const { resources, ports } of spec.containers ?? []) {
    for (const port of ports ?? []) port.protocol ??= 'TCP'
    const limits = Object.entries(resources?.limits ?? {}).filter(([key]) => isOfGpus(key))
    if (resources !== undefined && limits.length > 0)
      resources.requests = { ...Object.fromEntries(limits), ...resources.requests }
  }
}

const serviceDefaults = ({ spec }: KubeObject<'Service'>): void => {
  if (spec === undefined) return
  spec.type ??= 'ClusterIP'
  spec.sessionAffinity ??= 'None'
  for (const port of spec.ports ?? []) {
    port.protocol ??= 'TCP'
    port.targetPort ??= port.port
  }
}
