import { type Shown, show } from './pod-status.ts'
import type { PodMemo } from './pods.ts'
import { type Pod, wireTime } from './wire.ts'
import { type World, wakeAt } from './world.ts'

/** Between a crash and the next start it waits, twice as long each time: the first time not at all. */
const [CRASH_BACK_OFF, LONGEST_BACK_OFF] = [10_000, 300_000]

/** Whether its kubelet starts again what has ended. */
export const isRestarted = ({ spec }: Pod): boolean => (spec?.restartPolicy ?? 'Always') === 'Always'

/** It ends with an error, and is started again: the first time at once, then after pauses. */
export const crash = (world: World, pod: Pod, memo: PodMemo): null => {
  const { store, due } = world
  const { restarts = 0 } = memo
  const pause = restarts === 0 ? 0 : Math.min(LONGEST_BACK_OFF, CRASH_BACK_OFF * 2 ** (restarts - 1))
  const crashed = { ...memo, upAt: store.now + pause }
  due.remember(pod.metadata.uid, crashed satisfies PodMemo)
  if (pause === 0) return startAgain(world, pod, crashed)
  const message = `back-off ${pause / 1000}s restarting failed container`
  show({ store, pod, ready: false, because: 'ContainersNotReady', before: beforeOf(memo) }, 'Running', () => ({
    waiting: { reason: 'CrashLoopBackOff', message },
  }))
  wakeAt(world, pod, [crashed.upAt])
  return null
}

/** Starts it again once its pause is over. */
export const startAgain = (world: World, pod: Pod, { upAt = 0, ...memo }: PodMemo): null => {
  const { store, due } = world
  if (upAt > store.now) {
    wakeAt(world, pod, [upAt])
    return null
  }
  const again = { ...memo, restarts: (memo.restarts ?? 0) + 1, startedAt: store.now }
  due.remember(pod.metadata.uid, again satisfies PodMemo)
  show({ store, pod, ready: false, because: 'ContainersNotReady', before: beforeOf(again) }, 'Running', () => ({
    running: { startedAt: wireTime(store.now) },
  }))
  wakeAt(world, pod, [store.now + (memo.program?.endsAfter ?? 0)])
  return null
}

/** How often it was started again, and what it ended with before. */
const beforeOf = ({ restarts = 0, program }: PodMemo): NonNullable<Shown['before']> => ({
  restartCount: restarts,
  lastState: { terminated: { exitCode: program?.exitCode ?? 1, reason: program?.reason ?? 'Error' } },
})
