import type { StagePolicy } from '../policy.ts'
import { nameOfStage } from './stages.ts'

/** Whether a folder of a stage's container lies on a volume of the user's, and not in one of the node. */
export const isMounted = ({ pod, ...stage }: Pick<StagePolicy, 'pod' | 'name' | 'use'>, folder: string): boolean => {
  const own = pod?.containers?.find((one) => one?.name === nameOfStage(stage))
  const inNode = new Set(pod?.volumes?.flatMap((one) => (one?.emptyDir ? [one.name] : [])))
  return (own?.volumeMounts ?? []).some(
    (one) => one && !inNode.has(one.name) && `${folder}/`.startsWith(`${one.mountPath?.replace(/\/+$/, '') || ' '}/`),
  )
}
