import { GPU, type NodePool } from '../kube.ts'
import { label } from '../names.ts'
import { counted } from '../text.ts'

/**
 * What is counted of a pool: its GPUs, or, where its nodes have none, the nodes themselves, of which a pod has one whole. All that is said of GPUs of a
 * pool (its ceiling, what is held, used, leased and bound) is said of such nodes, each as one (decision 0068).
 */
export interface Counts {
  counts?: 'nodes' | undefined
}

/** `8 GPUs`, or `2 nodes` of a pool without GPUs. */
export const amountText = (amount: number, of: Counts | undefined): string =>
  counted(amount, of?.counts === undefined ? 'GPU' : 'node')

/** What such numbers are of: `GPUs`, or `nodes`. */
export const unitsOf = (of: Counts | undefined): string => of?.counts ?? 'GPUs'

/** What a NodePool is limited in, as Karpenter calls it. */
export const limitKey = (of: Counts | undefined): string => of?.counts ?? GPU

/** The same mark on what is made of a pool, for whoever has no policy at hand; of a pool with GPUs nothing is said. */
export const countsOf = (of: Counts | undefined): Pick<Counts, 'counts'> =>
  of?.counts === undefined ? {} : { counts: of.counts }

/** The taint of nodes of a pool without GPUs, and what pods that have one whole tolerate: nobody else's is there by chance, or has one started. */
export const WHOLE_NODE = label('whole-node')

/** What a NodePool is counted in, as its nodes say. */
export const countsIn = ({ spec }: Pick<NodePool, 'spec'>): Counts =>
  (spec?.template?.spec?.taints ?? []).some(({ key }) => key === WHOLE_NODE) ? { counts: 'nodes' } : {}
