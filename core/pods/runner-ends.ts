import type { V1PodSpec } from '@kubernetes/client-node'
import type { Failure } from '../reasons.ts'
import { isOfRunner } from '../workloads/runner.ts'
import { firstSaid } from './logs.ts'

/** What an end of `signalbox-run`'s own means: whose it is, and what to do. */
interface Cause {
  failure: Failure
  means: string
}

/** By its codes (docs/runner.md). */
export const RUNNER_ENDS: ReadonlyMap<number, Cause> = new Map<number, Cause>([
  [42, { failure: 'exit-code', means: 'data or settings are wrong, and another try will not help' }],
  [70, { failure: 'runner-bug', means: 'a bug of signalbox-run: please report it' }],
  [
    73,
    {
      failure: 'out-of-disk',
      means: 'its disk is full: ask for more ephemeral-storage in `pod`, fetch fewer inputs, or mount a volume',
    },
  ],
  [74, { failure: 'disk-failed', means: 'files of its machine cannot be read or written' }],
  [75, { failure: 'storage-away', means: 'S3 did not answer for as long as it waits' }],
  [76, { failure: 'storage-refused', means: 'S3 refuses: mend what it says, then retry' }],
  [
    77,
    { failure: 'storage-refused', means: 'a right is missing in S3: give it to the account of its pods, then retry' },
  ],
  [126, { failure: 'configuration', means: 'its command cannot be run' }],
  [127, { failure: 'configuration', means: 'its command is not in the image' }],
  [143, { failure: 'told-to-end', means: 'it was told to end: what it had saved is there for another attempt' }],
])

/** How a container of a pod ended. */
interface Ended {
  name: string
  exitCode: number
  message?: string | undefined
  logs: readonly string[]
}

/** Why `signalbox-run` ended a container by itself; null: it did not, or what the container ended with is its program's own code, handed on. */
export const whyRunnerEnded = (
  spec: Pick<V1PodSpec, 'containers' | 'initContainers'> | undefined,
  { name, exitCode, message, logs }: Ended,
): { failure: Failure; note: string } | null => {
  const all = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]
  const cause = RUNNER_ENDS.get(exitCode)
  if (cause === undefined || !all.some((one) => one.name === name && isOfRunner(one))) return null
  const said = firstSaid(logs.findLast((line) => line.startsWith(VOICE))?.slice(VOICE.length), message)
  if (said !== null && OF_PROGRAM.test(said)) return null
  return {
    failure: cause.failure,
    note: `${name} ended with exit ${exitCode} (${cause.means})${said === null ? '' : `: ${said}`}`,
  }
}

/** Before each of its lines; the last says why. A program may leave a termination message of its own, and then that is kept. */
const VOICE = 'signalbox-run: '

/** How it hands a code on (`explain` of runner/emissary). */
const OF_PROGRAM = /^(?:the program ended with exit|rank \S+ failed first, with exit) \d+/
