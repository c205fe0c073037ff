import type { V1Pod } from '@kubernetes/client-node'
import { createdAt } from '../kube.ts'
import type { Stepped } from '../lane/stepping.ts'
import type { Around } from '../pods/around.ts'
import { troubleAmong } from '../pods/lacking.ts'
import { isAtWork } from '../pods/leaving.ts'
import { withLastLines } from '../pods/logs.ts'
import { nextLook } from '../pods/telling.ts'
import { isKeptOutside, type Trouble } from '../pods/trouble.ts'

/** What keeps pods that are waited for from being ready, what their program said last, and when to look again though nothing of them changes. */
export interface Hindrance {
  trouble: Trouble | null
  logs: readonly string[]
  again: number | null
}

/** The same of these pods. */
export const hindranceOf = (
  pods: readonly V1Pod[],
  { now, logs, around }: { now: number; logs: readonly string[]; around: Around },
): Hindrance => {
  const looks = pods.filter((pod) => isAtWork(pod) && isKeptOutside(pod)).map((pod) => nextLook(createdAt(pod), now))
  return {
    trouble: troubleAmong(pods, { logs, around, now }),
    logs,
    again: looks.length === 0 ? null : Math.min(...looks),
  }
}

const NOTHING: Hindrance = { trouble: null, logs: [], again: null }

/**
 * What comes next of a move that has touched nothing yet: what is not ready for a moment may be so again (law 2), so it fails only
 * after as much patience as a move has, or once what is waited for cannot heal. `again`: milliseconds after which it is looked at though nothing
 * has changed that wakes the lane.
 */
export const nextTouch = (
  why: string | null,
  {
    now,
    startedAt,
    patience,
    again = patience,
    hindrance = NOTHING,
  }: { now: number; startedAt: number; patience: number; again?: number; hindrance?: Hindrance },
): Stepped => {
  if (why === null) return { kind: 'free' }
  const { trouble, logs } = hindrance
  const ends = trouble?.endsAt ?? Number.POSITIVE_INFINITY
  if (trouble !== null && ends <= now)
    return { kind: 'failed', reason: trouble.failure, note: withLastLines(trouble.note, logs) }
  const note = trouble === null ? why : `${why}: ${trouble.note}`
  return now - startedAt > patience
    ? { kind: 'failed', reason: 'not-healthy', note: `after ${Math.round(patience / 60_000)} minutes still ${note}` }
    : {
        kind: 'wait',
        note,
        until: Math.min(
          Math.min(startedAt + patience, now + again) + 1,
          ends,
          hindrance.again ?? Number.POSITIVE_INFINITY,
        ),
        running: false,
      }
}
