import { describe, expect, it } from 'vitest'
import type { Trouble } from '../../../core/pods/trouble.ts'
import { nextTouch } from '../../../core/steps/touching.ts'

describe('what touches nothing yet', () => {
  it(' waits as long as a move may, and begins once it may', () => {
    const look = { now: 1_000_000, startedAt: 0, patience: 1_000_000 }
    expect(nextTouch('none of it is ready', look)).toEqual({
      kind: 'wait',
      note: 'none of it is ready',
      until: 1_000_001,
      running: false,
    })
    expect(nextTouch('none of it is ready', { ...look, now: 1_000_001 })).toEqual({
      kind: 'failed',
      reason: 'not-healthy',
      note: 'after 17 minutes still none of it is ready',
    })
    expect(nextTouch(null, { ...look, now: 1_000_001 })).toEqual({ kind: 'free' })
  })

  const look = { now: 1_000_000, startedAt: 900_000, patience: 1_000_000 }
  const waiting = (trouble: Trouble) =>
    nextTouch('none is ready', { ...look, hindrance: { trouble, logs: ['KeyError'], again: null } })

  it('says what keeps what it waits for, and is over once that cannot heal', () => {
    const trouble: Trouble = { failure: 'exit-code', endsAt: null, note: 'vllm ended with exit 1' }
    expect(waiting(trouble)).toMatchObject({ kind: 'wait', note: 'none is ready: vllm ended with exit 1' })
    expect(waiting({ ...trouble, endsAt: 1_000_500 })).toMatchObject({ kind: 'wait', until: 1_000_500 })
    expect(waiting({ ...trouble, endsAt: 0 })).toEqual({
      kind: 'failed',
      reason: 'exit-code',
      note: 'vllm ended with exit 1. Last log lines: KeyError',
    })
  })

  it('and looks again at what waits without changing itself', () => {
    const hindrance = { trouble: null, logs: [], again: 1_060_000 }
    expect(nextTouch('none is ready', { ...look, hindrance })).toMatchObject({ until: 1_060_000 })
  })
})
