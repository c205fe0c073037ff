import type { V1ContainerStateTerminated } from '@kubernetes/client-node'
import type { Failure } from '../reasons.ts'
import { firstSaid, fromLogs } from './logs.ts'

/** How a program ended. */
export interface Ended {
  name: string
  ended: V1ContainerStateTerminated
  logs: readonly string[]
}

/** What a program died of: by what the kernel says, what its last lines say, then its exit code. */
export const whyEnded = ({ name, ended, logs }: Ended): { failure: Failure; note: string } => {
  const { exitCode = 1, reason, message } = ended
  if (reason === 'OOMKilled')
    return {
      failure: 'out-of-memory',
      note: `${name} was killed: the node or its limit ran out of memory (OOMKilled, exit ${exitCode})`,
    }
  const last = firstSaid(message)
  return (
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
