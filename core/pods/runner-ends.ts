import type { V1PodSpec } from '@kubernetes/client-node'
import type { Failure } from '../reasons.ts'
import { isOfRunner, modeOf, type RunnerMode } from '../workloads/runner.ts'
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

/** What is other of what does not stand before a program. */
const OF_MODES: Readonly<Record<RunnerMode, ReadonlyMap<number, Cause>>> = {
  run: new Map(),
  install: new Map(),
  fetch: new Map<number, Cause>([
    [73, { failure: 'out-of-disk', means: 'its disk is full: ask for more ephemeral-storage in `pod`, or fetch less' }],
    [143, { failure: 'told-to-end', means: 'it was told to end, and fetches again in another attempt' }],
  ]),
  probe: new Map<number, Cause>([
    [73, { failure: 'out-of-disk', means: 'the disk of its node is full: see what fills it, then retry' }],
    [75, { failure: 'storage-away', means: 'what it asks, or S3, did not answer for as long as it waits' }],
    [143, { failure: 'told-to-end', means: 'it was told to end, and asks again in another attempt' }],
  ]),
}

/** What a probe says of a server that nobody reaches (runner/probe/probe.go), which it ends with as where S3 is away. */
const UNANSWERED = /^nobody answers at /
const OF_SERVER: Cause = { failure: 'not-healthy', means: 'what it asks did not answer for as long as it waits' }

/** What an end of the program, as that container runs it, means; undefined: it has none of its own. */
const causeOf = (mode: RunnerMode, code: number, said: string | null): Cause | undefined =>
  mode === 'probe' && code === 75 && UNANSWERED.test(said ?? '')
    ? OF_SERVER
    : (OF_MODES[mode].get(code) ?? RUNNER_ENDS.get(code))

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
  const container = all.find((one) => one.name === name && isOfRunner(one))
  if (container === undefined) return null
  const said = firstSaid(logs.findLast((line) => line.startsWith(VOICE))?.slice(VOICE.length), message)
  const cause = causeOf(modeOf(container), exitCode, said)
  if (cause === undefined || (said !== null && OF_PROGRAM.test(said))) return null
  return {
    failure: cause.failure,
    note: `${name} ended with exit ${exitCode} (${cause.means})${said === null ? '' : `: ${said}`}`,
  }
}

/** Before each of its lines; the last says why. A program may leave a termination message of its own, and then that is kept. */
const VOICE = 'signalbox-run: '

/** How it hands a code on (`explain` of runner/emissary). */
const OF_PROGRAM = /^(?:the program ended with exit|rank \S+ failed first, with exit) \d+/
