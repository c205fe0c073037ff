import { loadKubeconfig } from '../../effects/cluster/kubeconfig.ts'
import { EXIT, Explained } from '../output.ts'

/** Which cluster is meant. */
export interface OnCluster {
  context?: string
  kubeconfig?: string
}

/** The cluster that the flags name; without any it is refused, and so is a context that is not there. */
export const namedCluster = ({ kubeconfig, context }: OnCluster): ReturnType<typeof loadKubeconfig> => {
  if (context === undefined && kubeconfig === undefined)
    throw new Explained('--context NAME says which cluster: nothing is done to a current context unasked', EXIT.usage)
  try {
    return loadKubeconfig({
      ...(kubeconfig === undefined ? {} : { file: kubeconfig }),
      ...(context === undefined ? {} : { context }),
    })
  } catch (error) {
    throw new Explained(error instanceof Error ? error.message : String(error))
  }
}
