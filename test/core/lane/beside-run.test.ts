import { describe, expect, it } from 'vitest'
import type { Act } from '../../../core/lane/act.ts'
import { besideRun } from '../../../core/lane/beside-run.ts'
import type { View } from '../../../core/lane/view.ts'
import type { LineRow } from '../../../core/rows.ts'
import { docOf, HOUR, NOW, policyWith, runOf, viewOf } from './fixture.ts'

const POOL = 'pool/gpu-train'
const policy = policyWith((config) => {
  Object.assign(config.pools['gpu-train'] ?? {}, { leases: { maxGpus: 16, maxHours: 12 } })
})
const asked = (why: 'asked' | 'unavailable', side: string | null = null): Act => ({
  kind: 'rest',
  rest: { why, text: 'waits for 1 of the approvers', since: NOW, until: NOW + HOUR, side, tries: 1 },
})
const head = { lane: 'pipeline/a', rooms: [POOL], needs: {}, place: '1', since: NOW, until: null } as unknown as LineRow
const ceiling = { gpus: 16, at: NOW, by: 'me', fence: 1 }
const poolView = (over: Partial<View> = {}): View =>
  viewOf({ doc: docOf({ lane: POOL, ceiling, run: runOf() }), policy, line: [], ...over })

describe('a pool’s lane whose run waits for a person', () => {
  it('grants its line meanwhile, and sees to its ceiling first', () => {
    expect(besideRun(poolView({ line: [head] }), asked('asked'))).toEqual({ kind: 'grant' })
    const unset = docOf({ lane: POOL, run: runOf() })
    expect(besideRun(poolView({ line: [head], doc: unset }), asked('asked'))).toEqual({
      kind: 'mark-ceiling',
      gpus: 16,
    })
    expect(besideRun(poolView({ doc: unset }), { kind: 'grant' })).toEqual({ kind: 'mark-ceiling', gpus: 16 })
  })

  it('else rests as its run does', () => {
    expect(besideRun(poolView(), asked('asked'))).toEqual(asked('asked'))
  })

  it('grants it while the chat does not answer; a cluster that is away is waited for', () => {
    expect(besideRun(poolView({ line: [head] }), asked('unavailable', 'chat'))).toEqual({ kind: 'grant' })
    expect(besideRun(poolView({ line: [head] }), asked('unavailable', 'cluster'))).toEqual(
      asked('unavailable', 'cluster'),
    )
  })

  it('does first what its run has to do; and no other lane grants anything', () => {
    expect(besideRun(poolView({ line: [head] }), { kind: 'ask' })).toEqual({ kind: 'ask' })
    expect(besideRun(viewOf({ policy }), asked('asked'))).toEqual(asked('asked'))
  })
})
