import type { V1ContainerStateTerminated, V1PodSpec } from '@kubernetes/client-node'
import type { Failure } from '../reasons.ts'
import { firstSaid, fromLogs, inBrackets } from './logs.ts'
import { whyRunnerEnded } from './runner-ends.ts'
import { START_ERROR, whyNotStarted } from './starting.ts'

/** How a program ended. */
export interface Ended {
  name: string
  ended: V1ContainerStateTerminated
  logs: readonly string[]
  /** Of its pod: what goes before its program ends it by itself, too. */
  spec?: V1PodSpec | undefined
}

/** What a kubelet writes of a container that it does not find any more, with a code of its own making (`kubelet_pods.go` of Kubernetes 1.36). */
const LOST_SIGHT = 'ContainerStatusUnknown'

/**
 * What a program died of: by what the kernel says, what its last lines say, then its exit code. What never began, and what nobody has seen
 * end, did not end by itself.
 */
export const whyEnded = ({ name, ended, logs, spec }: Ended): { failure: Failure; note: string } => {
  const { exitCode = 1, reason, message } = ended
  if (reason === 'OOMKilled')
    return {
      failure: 'out-of-memory',
      note: `${name} was killed: the node or its limit ran out of memory (OOMKilled, exit ${exitCode})`,
    }
  if (reason === START_ERROR) return whyNotStarted({ name, reason, message })
  if (reason === LOST_SIGHT)
    return {
      failure: 'node-lost',
      note: `its node was started anew or has lost ${name}: ${LOST_SIGHT}${inBrackets(message)}`,
    }
  const last = firstSaid(message)
  return (
    whyRunnerEnded(spec, { name, exitCode, message, logs }) ??
    fromLogs(logs) ?? {
      failure: 'exit-code',
      note: `${name} ended with exit ${exitCode}${exitMeaning(exitCode)}${last === null ? '' : `: ${last}`}`,
    }
  )
}

const exitMeaning = (code: number): string => {
  switch (code) {
    case 42:
      return ' (the program says that its data or settings are wrong: another try will not help)'
    case 126:
    case 127:
      return ' (its command is not in the image or cannot be run)'
    case 137:
      return ' (killed by SIGKILL, often for memory)'
    case 143:
      return ' (stopped by SIGTERM)'
    default:
      return ''
  }
}
