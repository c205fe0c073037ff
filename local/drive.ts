import type { VirtualClock } from './clock.ts'
import type { LocalHouse } from './house.ts'

/**
 * Virtual time: does everything that is due, then jumps to when the next thing is, until `done` answers true or `atMost`
 * milliseconds of virtual time are over. Answers whether it was done.
 */
export const runUntil = async (
  house: LocalHouse,
  clock: VirtualClock,
  { done, atMost }: { done: () => Promise<boolean>; atMost: number },
): Promise<boolean> => {
  const end = clock.now() + atMost
  for (;;) {
    const next = await house.advance()
    if (await done()) return true
    if (next === null || next > end) {
      clock.set(end)
      await house.advance()
      return done()
    }
    clock.set(next)
  }
}

/** Real time: wakes for what is due, and at least every `atMost` ms to notice uploads. Answers the way to stop. */
export const keepGoing = (
  house: LocalHouse,
  { speed, onError }: { speed: number; onError: (error: unknown) => void },
): (() => Promise<void>) => {
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()
  let again = false
  let busy = false
  let stopped = false
  const soon = (ms: number): void => {
    if (stopped) return
    clearTimeout(timer)
    timer = setTimeout(() => void go(), ms)
  }
  const go = async (): Promise<void> => {
    if (busy) {
      again = true
      return
    }
    busy = true
    running = turn(house, onError).then((next) => {
      busy = false
      const wait = next === null ? SCAN_EVERY : Math.min(SCAN_EVERY, Math.max(0, (next - house.clock.now()) / speed))
      soon(again ? 0 : wait)
      again = false
    })
    await running
  }
  const stopListening = house.onInput(() => soon(0))
  soon(0)
  return async () => {
    stopped = true
    stopListening()
    clearTimeout(timer)
    await running
  }
}

/** Uploads are looked for this often, in real milliseconds. */
const SCAN_EVERY = 250

const turn = async (house: LocalHouse, onError: (error: unknown) => void): Promise<number | null> => {
  try {
    await house.scanUploads()
    return await house.advance()
  } catch (error) {
    onError(error)
    return null
  }
}
