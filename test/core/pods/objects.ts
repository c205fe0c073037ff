import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CoreV1Event, V1Node, V1Pod } from '@kubernetes/client-node'
import type { NodeClaim, NodePool } from '../../../core/kube.ts'

interface Sample {
  /** Who writes it, in which release, and where in its sources. */
  from: string
  pod: V1Pod
  node: V1Node
  pool: NodePool
  claim: NodeClaim
  event: CoreV1Event
}

const sample = (name: string): Sample =>
  JSON.parse(readFileSync(join(import.meta.dirname, 'objects', `${name}.json`), 'utf8')) as Sample

/** A pod as a kubelet writes it; `from` in its file says which, and where in its sources. */
export const podIn = (name: string): V1Pod => sample(name).pod

/** A Node as Kubernetes' controllers write it. */
export const nodeIn = (name: string): V1Node => sample(name).node

/** What stands around a pod as Karpenter writes it. */
export const poolIn = (name: string): NodePool => sample(name).pool
export const claimIn = (name: string): NodeClaim => sample(name).claim

/** What somebody tells of an object. */
export const eventIn = (name: string): CoreV1Event => sample(name).event
