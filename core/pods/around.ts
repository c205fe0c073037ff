import type { CoreV1Event, V1Node } from '@kubernetes/client-node'
import type { NodeClaim, NodePool } from '../kube.ts'

/**
 * What stands around pods, as far as it could be read. It says more than a pod's own status does; what is missing of it says nothing
 * (law 2).
 */
export interface Around {
  nodes: readonly V1Node[]
  pools: readonly NodePool[]
  /** Null: nobody could read them, as long as an earlier bootstrap has given no right to. */
  claims: readonly NodeClaim[] | null
  /** Whoever may edit in a namespace may write them: they are repeated to a person, and never alone an outcome. */
  events: readonly CoreV1Event[]
}

/** Nothing was read. */
export const NOTHING_AROUND: Around = { nodes: [], pools: [], claims: [], events: [] }
