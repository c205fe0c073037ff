import { expect, it } from 'vitest'
import { letterTo } from '../../../core/lane/letter-to.ts'
import { desired } from '../training-fixture.ts'
import { NOW, PIPELINE, viewOf } from './fixture.ts'

it('points where something was read, now; what is read nowhere has none', () => {
  expect(letterTo(viewOf(), desired)).toMatchObject({
    kind: 'look',
    lane: PIPELINE,
    event: { bucket: desired.bucket, key: desired.key },
    at: NOW,
    due: NOW,
    waits: null,
  })
  expect(letterTo(viewOf(), { kind: 'none' })).toBeNull()
})
