import type { V1PodSpec } from '@kubernetes/client-node'
import type { Failure } from '../reasons.ts'
import { isOfRunner } from '../workloads/runner.ts'
import { firstSaid } from './logs.ts'

/** What an end of `signalbox-run`'s own means: whose it is, and what to do. */
interface Cause {
  failure: Failure
  means: string
}

/** A far side did not answer. */
const AWAY = 75

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
  [AWAY, { failure: 'storage-away', means: 'S3 did not answer for as long as it waits' }],
  [76, { failure: 'storage-refused', means: 'S3 refuses: mend what it says, then retry' }],
  [
    77,
    { failure: 'storage-refused', means: 'a right is missing in S3: give it to the account of its pods, then retry' },
  ],
  [126, { failure: 'configuration', means: 'its command cannot be run' }],
  [127, { failure: 'configuration', means: 'its command is not in the image' }],
  [143, { failure: 'told-to-end', means: 'it was told to end: what it had saved is there for another attempt' }],
])

const TOLD: Cause = { failure: 'told-to-end', means: 'it was told to end' }

/** What another word of the same program means by some of them: what asks a server has nothing to fetch or to save. */
const OF_WORDS: Readonly<Record<string, ReadonlyMap<number, Cause>>> = {
  fetch: new Map<number, Cause>([
    [
      73,
      { failure: 'out-of-disk', means: 'its disk is full: ask for more ephemeral-storage in `pod`, and of its pool' },
    ],
    [143, TOLD],
  ]),
  probe: new Map<number, Cause>([
    [73, { failure: 'out-of-disk', means: 'the disk of its node is full' }],
    [143, TOLD],
  ]),
}

/** How it says that nobody answered what it asks (runner/probe). */
const NOBODY = /^nobody answers at /

const UNANSWERED: Cause = { failure: 'server-away', means: 'what it asks did not answer for as long as it waits' }

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
  const own = all.find((one) => one.name === name && isOfRunner(one))
  const known = RUNNER_ENDS.get(exitCode)
  if (known === undefined || own === undefined) return null
  const said = firstSaid(logs.findLast((line) => line.startsWith(VOICE))?.slice(VOICE.length), message)
  if (said !== null && OF_PROGRAM.test(said)) return null
  const isUnanswered = exitCode === AWAY && NOBODY.test((said ?? '').replace(VOICE, ''))
  const cause = isUnanswered ? UNANSWERED : (OF_WORDS[own.command?.[1] ?? '']?.get(exitCode) ?? known)
  return {
    failure: cause.failure,
    note: `${name} ended with exit ${exitCode} (${cause.means})${said === null ? '' : `: ${said}`}`,
  }
}

/** Before each of its lines; the last says why. A program may leave a termination message of its own, and then that is kept. */
const VOICE = 'signalbox-run: '

/** How it hands a code on (`explain` of runner/emissary). */
const OF_PROGRAM = /^(?:the program ended with exit|rank \S+ failed first, with exit) \d+/
