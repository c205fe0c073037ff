import { expect, it } from 'vitest'
import type { Ended } from '../../../core/lane/ended.ts'
import { againstOf } from '../../../core/lane/planning.ts'
import { wantRefused } from '../../../core/lane/refused.ts'
import type { Planned } from '../../../core/plan.ts'
import { emptyWorld, trainPlan } from '../training-fixture.ts'
import { NOW, seenWorld, viewOf, wanted } from './fixture.ts'

const ended = (over: Partial<Ended> = {}): Ended => ({
  ...{ kind: 'refused', reason: 'budget-exceeded', detail: 'too dear', generation: 1, attempt: 1, at: NOW },
  ...{ against: 'another', stages: [] },
  ...over,
})
const passes: Planned = { kind: 'plan', plan: trainPlan() }
const view = (over: Partial<Ended> = {}, world = seenWorld) => viewOf({ doc: wanted({ outcome: ended(over) }), world })

it('begins once what refused it has changed, and would be planned', () => {
  expect(wantRefused(view(), passes)).toMatchObject({ kind: 'want', doc: { attempt: 2, outcome: null } })
  const refuse: Planned = { kind: 'refuse', reason: 'budget-exceeded', detail: 'still too dear' }
  expect(wantRefused(view(), refuse)).toEqual({ kind: 'ignore', reason: 'held-refused', detail: 'still too dear' })
  expect(wantRefused(view(), null)).toMatchObject({ reason: 'held-refused', detail: 'too dear' })
})

it('waits for a person where nothing on paper refused it, and where a newer release alone would let it pass', () => {
  expect(wantRefused(view({ against: null }), passes)).toMatchObject({ reason: 'held-refused', detail: 'too dear' })
  const same = { against: againstOf(view()) }
  expect(wantRefused(view(same), passes)).toMatchObject({ reason: 'would-pass-now' })
})

it('for want of room begins once there is room, whatever else has changed', () => {
  const { pools } = emptyWorld()
  const full = { ...seenWorld, pools: { ...pools, 'gpu-train': { ...pools['gpu-train']!, heldByOthers: 16 } } }
  const lacked = { reason: 'no-room' as const, detail: 'no room' }
  expect(wantRefused(view(lacked, full), passes)).toEqual({ kind: 'ignore', reason: 'held-refused', detail: 'no room' })
  expect(wantRefused(view(lacked), passes)).toMatchObject({ kind: 'want' })
  // All that comes free goes to who stands in line: it stands there too.
  const lined = { ...view(lacked, full), lines: { 'pool/gpu-train': 1 } }
  expect(wantRefused(lined, passes)).toMatchObject({ kind: 'want' })
})
