import { expect, it } from 'vitest'
import { settleEnd } from '../../../core/lane/ending.ts'
import { planRow, running, runOf, viewOf, wanted } from './fixture.ts'

it('a run that ends otherwise says why', () => {
  const view = viewOf({ doc: wanted({ run: runOf({ phase: 'steps', steps: [running()] }) }), plan: planRow })
  const ending = { kind: 'cancelled', reason: null, detail: 'cancelled by carla' } as const
  const change = settleEnd(view, ending)
  expect(change.doc.run?.ending).toBe(ending)
  expect(change.moments[0]?.text).toBe('ends: cancelled by carla')
})
