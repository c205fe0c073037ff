import { describe, expect, it } from 'vitest'
import type { CheckGateStep } from '../../../core/plan.ts'
import { nextCheckGate } from '../../../core/steps/check-gate.ts'

const step: CheckGateStep = {
  kind: 'check-gate',
  name: 'judge',
  title: 'Judge',
  why: '',
  of: 'evaluate',
  gates: [{ metric: 'score', op: '>=', value: 0.8 }],
}

describe('a gate', () => {
  it.each([0.8, 0.81])('holds at %d', (score) => {
    expect(nextCheckGate(step, { score, model: 's3://x' })).toMatchObject({ kind: 'done' })
  })

  const bad: (Record<string, string | number> | null)[] = [{ score: 0.79 }, { other: 1 }, { score: 'high' }, {}, null]

  it.each(bad)('fails on %j and says which number', (measured) => {
    expect(nextCheckGate(step, measured)).toMatchObject({
      kind: 'failed',
      reason: 'gate',
      note: expect.stringContaining('score'),
    })
  })
})
