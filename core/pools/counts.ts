import { GPU, type NodePool } from '../kube.ts'
import { label } from '../names.ts'
import { counted } from '../text.ts'

/** A part of a GPU as nodes offer it, where their GPUs are shared (decision 0070). */
export type SliceResource = `nvidia.com/${string}`

/**
 * What is counted of a pool: its GPUs; or, where its nodes have none, the nodes themselves, of which a pod has one whole; or, where its GPUs are shared, slices of
 * them, of which a pod has one. As Karpenter calls it. All that is said of GPUs of a pool (its ceiling, what is held, used, leased and bound) is said of such nodes and
 * slices, each as one (decisions 0068 and 0070).
 */
export interface Counts {
  counts?: 'nodes' | SliceResource | undefined
}

/** Whether a resource of nodes is GPUs, or slices of them: what is had in turn, and parts by MIG. */
export const isOfGpus = (resource: string): boolean =>
  resource === GPU || /^nvidia\.com\/(?:gpu\.shared|mig-.+)$/.test(resource)

/** Whether slices of GPUs are counted: neither whole GPUs nor nodes without any. */
export const isOfSlices = (of: Counts | undefined): boolean => of?.counts !== undefined && of.counts !== 'nodes'

const unitOf = (of: Counts | undefined): string => {
  if (of?.counts === undefined) return 'GPU'
  return of.counts === 'nodes' ? 'node' : 'slice'
}

/** `8 GPUs`, or `2 nodes` of a pool without GPUs, or `4 slices` of one whose GPUs are shared. */
export const amountText = (amount: number, of: Counts | undefined): string => counted(amount, unitOf(of))

/** What such numbers are of: `GPUs`, `nodes` or `slices`. */
export const unitsOf = (of: Counts | undefined): string => `${unitOf(of)}s`

/** What a NodePool is limited in, as Karpenter calls it. */
export const limitKey = (of: Counts | undefined): string => of?.counts ?? GPU

/** The same mark on what is made of a pool, for whoever has no policy at hand; of a pool with whole GPUs nothing is said. */
export const countsOf = (of: Counts | undefined): Pick<Counts, 'counts'> =>
  of?.counts === undefined ? {} : { counts: of.counts }

/** By which of its keys a pool says how high it goes: what has no whole GPUs to count says nodes. */
export const mostKey = (of: Counts | undefined): 'maxGpus' | 'maxNodes' =>
  of?.counts === undefined ? 'maxGpus' : 'maxNodes'

/** What that key says where it comes to so many: slices are written as their nodes. */
export const mostSaid = (amount: number, of: Counts & { gpusPerNode: number }): number =>
  isOfSlices(of) ? amount / of.gpusPerNode : amount

/** The taint of nodes of a pool without GPUs, and what pods that have one whole tolerate: nobody else's is there by chance, or has one started. */
export const WHOLE_NODE = label('whole-node')

/** On nodes whose GPUs are shared: what they offer in place of whole ones, without `nvidia.com/`, which no label's value may have. */
export const SLICE_LABEL = label('slice')

/** What a NodePool is counted in, as its nodes say. */
export const countsIn = ({ spec }: Pick<NodePool, 'spec'>): Counts => {
  const { spec: nodes, metadata } = spec?.template ?? {}
  if ((nodes?.taints ?? []).some(({ key }) => key === WHOLE_NODE)) return { counts: 'nodes' }
  const slice = metadata?.labels?.[SLICE_LABEL]
  return slice === undefined ? {} : { counts: `nvidia.com/${slice}` }
}
