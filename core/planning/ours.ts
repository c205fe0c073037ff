import type { KubeObject } from '../kube.ts'
import { label } from '../names.ts'
import type { Policy } from '../policy.ts'

/**
 * Ours are in our namespaces, of our installation, and not where they name another ledger: anywhere else anybody writes labels
 * (law 3).
 */
export const isOurs = ({ metadata }: KubeObject, { installation, namespaces }: Policy, ledger: string): boolean =>
  metadata.labels?.[label('installation')] === installation &&
  (metadata.labels[label('ledger')] ?? ledger) === ledger &&
  Object.values(namespaces).includes(metadata.namespace ?? '')
