import { describe, expect, it } from 'vitest'
import type { TrainDesired } from '../../../core/desired.ts'
import type { RegisterModelStep } from '../../../core/plan.ts'
import { PLAN_TAG, registration } from '../../../core/steps/register-model.ts'

const step: RegisterModelStep = {
  kind: 'register-model',
  name: 'register',
  title: '',
  why: '',
  model: 'm',
  of: 'train',
}
const desired: TrainDesired = {
  kind: 'train',
  dataset: 'chats',
  version: 'v',
  bucket: 'b',
  key: 'k',
  objects: 1,
  bytes: 1,
  requester: 'T/U',
}

describe('a registration', () => {
  it('carries the plan’s tag, by which a repeated one finds it, and who asked', () => {
    expect(registration(step, { plan: 'p-1', desired, result: { model: 's3://out', loss: 1 } })).toEqual({
      model: 'm',
      source: 's3://out',
      runId: null,
      tags: {
        [PLAN_TAG]: 'p-1',
        'signalbox.dev/dataset': 'chats',
        'signalbox.dev/dataset-version': 'v',
        'signalbox.dev/requested-by': 'T/U',
      },
    })
  })

  const none: (Record<string, string | number> | null)[] = [null, {}, { model: 7 }]

  it.each(none)('there is none when the result names no model: %j', (result) => {
    expect(registration(step, { plan: 'p', desired, result })).toBeNull()
  })
})
