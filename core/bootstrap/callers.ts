import { label, laneLabels, mintName } from '../names.ts'
import { laneOf } from '../policy/paper.ts'
import type { Policy, ServicePolicy } from '../policy.ts'
import { GATE_ACCOUNT } from '../workloads/accounts.ts'
import { SERVING_TASK, TASK_LABEL } from '../workloads/serving.ts'
import { HTTP } from '../workloads/serving-health.ts'
import type { Manifest } from './manifest.ts'

/** A service that says who may call it. */
interface Guarded {
  lane: string
  callers: NonNullable<ServicePolicy['callers']>
}

const guarded = ({ services }: Pick<Policy, 'services'>): Guarded[] =>
  Object.entries(services).flatMap(([key, rule]) =>
    rule.callers === undefined ? [] : [{ lane: laneOf('service', key, rule), callers: rule.callers }],
  )

/** What each of them is called, and the pods that it is about: all generations', since each of them may be judged or called. */
const metadataOf = (policy: Policy, lane: string, pack: string): Manifest['metadata'] => ({
  name: mintName({ installation: policy.installation, cluster: policy.cluster, ledger: pack }, lane),
  namespace: policy.namespaces.serving,
  labels: { ...laneLabels(policy, lane), [label('pack')]: pack },
})
const serversOf = (policy: Policy, lane: string): Record<string, string> => ({
  ...laneLabels(policy, lane),
  [TASK_LABEL]: SERVING_TASK,
})

/**
 * By which the network leads no one to a service but the namespaces that may call it, and its own gates: Kubernetes' own, which the plugin of a cluster's
 * network carries out, or nobody. Kubelets ask after its health all the same.
 */
export const callerNetworks = (policy: Policy): Manifest[] =>
  guarded(policy).map(({ lane, callers }) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: metadataOf(policy, lane, 'access'),
    spec: {
      podSelector: { matchLabels: serversOf(policy, lane) },
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [
            // Its gates have its lane's labels.
            { podSelector: { matchLabels: laneLabels(policy, lane) } },
            ...[...new Set(callers.map(({ namespace }) => namespace))].map((namespace) => ({
              namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
            })),
          ],
          ports: [{ protocol: 'TCP', port: HTTP }],
        },
      ],
    },
  }))

/** What engines document for callers, and monitors read. */
const PATHS = ['/v1/*', '/health', '/metrics']
/** What lies below it and changes the server. */
const NOT_PATHS = ['/v1/load_lora_adapter', '/v1/unload_lora_adapter']

/** The same by Istio's sidecars, which tell accounts apart, and let them have the documented paths only. */
export const callerIdentities = (policy: Policy): Manifest[] =>
  guarded(policy).map(({ lane, callers }) => ({
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: metadataOf(policy, lane, 'istio'),
    spec: {
      action: 'ALLOW',
      selector: { matchLabels: serversOf(policy, lane) },
      rules: [
        {
          from: [{ namespace: policy.namespaces.serving, serviceAccount: GATE_ACCOUNT }, ...callers].map(sourceOf),
          to: [{ operation: { methods: ['GET', 'POST'], paths: PATHS, notPaths: NOT_PATHS } }],
        },
      ],
    },
  }))

/** Whatever the mesh's trust domain is called. */
const sourceOf = ({ namespace, serviceAccount }: Guarded['callers'][number]): object => ({
  source:
    serviceAccount === undefined
      ? { namespaces: [namespace] }
      : { principals: [`*/ns/${namespace}/sa/${serviceAccount}`] },
})
