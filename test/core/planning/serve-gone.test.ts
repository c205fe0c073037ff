import { expect, it } from 'vitest'
import { goneIn } from '../../../core/planning/serve-gone.ts'
import type { ServeInput } from '../../../core/planning/serve-plan.ts'
import { type Given, given, serve } from './serve-fixture.ts'

it('what was judged last is gone where nothing of it stands, and nothing else answers that requests are led to', () => {
  const of = (change: Given, baseline?: ServeInput['baseline']) => {
    const input = given({ generation: 3, ...change })
    return goneIn({ ...input, desired: { kind: 'kept', model: 'support-llama' }, ...(baseline === undefined ? {} : { baseline }) }) // biome-ignore format: one line
  }
  expect(of({})).toBe(null)
  expect(of({ standing: [] })).toMatchObject({ desired: { version: '7' }, stands: 1, replicas: 2 })
  expect(of({ standing: [[2, '8', 1, 1]], led: 2 })).toBe(null)
  expect(of({ standing: [[2, '8', 1, 0]], led: 2 })).toMatchObject({ stands: 1 })
  expect(of({ standing: [], baseline: null })).toBe(null)
  expect(of({ standing: [] }, { generation: 1, desired: { ...serve('7') }, stands: 5, replicas: 1 })).toMatchObject({ stands: 5 }) // biome-ignore format: one line
})
