import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node'
import { programsOf } from './beside.ts'

/** Whose lines of a pod say why: which container's (null: its only one's), and whether those of before its last start. */
export interface Speaker {
  container: string | null
  previous: boolean
}

/**
 * The container whose end is why a pod failed: the one that ended badly first. What runs beside a program is ended with it, and that looks
 * as if it had failed, too.
 */
export const endedFirst = (pod: V1Pod): V1ContainerStatus | undefined =>
  programsOf(pod)
    .filter(({ state }) => (state?.terminated?.exitCode ?? 0) !== 0)
    .toSorted((a, b) => endOf(a) - endOf(b))[0]

/** What does not say when it ended comes last. */
const endOf = ({ state }: V1ContainerStatus): number =>
  new Date(state?.terminated?.finishedAt ?? Number.NaN).getTime() || Number.MAX_SAFE_INTEGER

/** Of a pod with several containers the server gives no lines unless one is named; what has come up again has only new lines to tell. */
export const speakerOf = (pod: V1Pod): Speaker => {
  const crashed = programsOf(pod).find(({ ready, restartCount }) => !ready && restartCount > 0)
  const one = endedFirst(pod) ?? crashed
  const { running } = one?.state ?? {}
  return {
    container: one?.name ?? pod.spec?.containers[0]?.name ?? null,
    previous: running !== undefined && running !== null && one?.lastState?.terminated !== undefined,
  }
}
