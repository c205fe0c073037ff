import type { Policy } from '../policy.ts'
import { callerIdentities, callerNetworks } from './callers.ts'
import { PLUGIN_NAMESPACE, pluginManifests } from './gpu-sharing.ts'
import type { Manifest } from './manifest.ts'
import { type MonitoringOptions, monitoringManifests } from './monitoring.ts'
import { peopleManifests } from './people.ts'

/** What packs are told beside the policy. */
export interface PackOptions extends MonitoringOptions {
  /** Namespace of NVIDIA's device plugin; left out: that of its own page. */
  plugin?: string
}

/** What may be set up beside what Signalbox needs, by name. */
const PACKS: Readonly<Record<string, (policy: Policy, options: PackOptions) => Manifest[]>> = {
  monitoring: monitoringManifests,
  sharing: (policy, { plugin = PLUGIN_NAMESPACE }) => pluginManifests(policy, plugin),
  access: (policy) => [...peopleManifests(policy), ...callerNetworks(policy)],
  istio: callerIdentities,
}
export const PACK_NAMES: readonly string[] = Object.keys(PACKS)

/** Of each named pack what it makes, in its order; a name that is none makes nothing. */
export const packManifests = (policy: Policy, names: readonly string[], options: PackOptions): Manifest[] =>
  [...new Set(names)].flatMap((name) => (Object.hasOwn(PACKS, name) ? (PACKS[name]?.(policy, options) ?? []) : []))

/** CRDs of kinds that a cluster of ours may lack, by their kinds. */
const CRDS: Readonly<Record<string, string>> = {
  NodeOverlay: 'nodeoverlays.karpenter.sh',
  PodMonitor: 'podmonitors.monitoring.coreos.com',
  ServiceMonitor: 'servicemonitors.monitoring.coreos.com',
  PrometheusRule: 'prometheusrules.monitoring.coreos.com',
  AuthorizationPolicy: 'authorizationpolicies.security.istio.io',
}

/** The CRD without which a cluster does not take it; null: what is set up at all has its kind. */
export const crdOf = ({ kind }: Pick<Manifest, 'kind'>): string | null =>
  Object.hasOwn(CRDS, kind) ? (CRDS[kind] ?? null) : null
