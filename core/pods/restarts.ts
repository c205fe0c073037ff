import type { V1ContainerStateTerminated, V1ContainerStatus, V1Pod } from '@kubernetes/client-node'

/** Restarts after which a program that does not stay up is no accident. */
export const RESTARTS = 3

/** So long a program stays up until its kubelet forgets how often it was started again before (`pkg/kubelet` of Kubernetes 1.36). Milliseconds. */
const FORGOTTEN = 10 * 60_000

/**
 * How often a program was started again without having stayed up meanwhile; 2 also where it is only known to be fewer than 3. A pod keeps nothing of
 * its lives but the last: what was up for long is forgotten with it, and where more than one has ended since, its kubelet's own pauses tell.
 */
export const restartsInRow = (
  container: V1ContainerStatus,
  ended: V1ContainerStateTerminated,
  pod: Pick<V1Pod, 'status'>,
): number => {
  const { restartCount } = container
  if (wasUp(pod, ended)) return 1
  return hasBeenReady(pod) && isPausedLess(container, ended) ? Math.min(restartCount, RESTARTS - 1) : restartCount
}

/** Whether it had been ready before it ended, and up for long enough: what it did before that is forgotten. */
const wasUp = (pod: Pick<V1Pod, 'status'>, { startedAt, finishedAt }: V1ContainerStateTerminated): boolean => {
  const from = timeOf(startedAt)
  return timeOf(finishedAt) - from >= FORGOTTEN && changedAt(pod, 'Ready') > from
}

/** A kubelet writes both at once of a pod that begins, and the one alone of what is ready no more. Milliseconds. */
const AT_ONCE = 2000

const hasBeenReady = (pod: Pick<V1Pod, 'status'>): boolean =>
  changedAt(pod, 'Ready') > changedAt(pod, 'Initialized') + AT_ONCE

/** What a kubelet says as it pauses before the second restart in a row, and before the third. */
const FEWER = /^back-off (?:10|20)s\b/

/** As long as it pauses before the third, as its whole seconds show it. Before the first it does not. Milliseconds. */
const PAUSE = 19_000

/** Whether its kubelet pauses less, or has paused less, than after three restarts in a row. */
const isPausedLess = ({ state }: V1ContainerStatus, { finishedAt }: V1ContainerStateTerminated): boolean =>
  state?.running == null
    ? FEWER.test(state?.waiting?.message ?? '')
    : timeOf(state.running.startedAt) - timeOf(finishedAt) < PAUSE

const timeOf = (time: Date | undefined): number => new Date(time ?? Number.NaN).getTime()

const changedAt = ({ status }: Pick<V1Pod, 'status'>, type: string): number =>
  timeOf(status?.conditions?.find((one) => one.type === type)?.lastTransitionTime)
