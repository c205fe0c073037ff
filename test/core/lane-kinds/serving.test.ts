import { expect, it } from 'vitest'
import { isServed } from '../../../core/lane-kinds/serving.ts'
import { desired } from '../training-fixture.ts'

it('a version is wanted, or none is', () => {
  expect(isServed({ kind: 'serve' })).toBe(true)
  for (const other of [{ kind: 'none' }, desired, { kind: 'of-a-newer-release' }]) expect(isServed(other)).toBe(false)
})
