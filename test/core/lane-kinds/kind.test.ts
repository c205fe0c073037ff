import { expect, it } from 'vitest'
import { laneOf } from '../../../core/lane-kinds/kind.ts'
import { pipeline } from '../../../core/lane-kinds/pipeline.ts'

it('a lane is named by its kind and its name in the policy', () => {
  expect(laneOf(pipeline, 'support-chats')).toBe('pipeline/support-chats')
})
