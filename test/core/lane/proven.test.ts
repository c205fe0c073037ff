import { expect, it } from 'vitest'
import { provenIn } from '../../../core/lane/proven.ts'
import type { Intent } from '../../../core/reactions/reaction.ts'
import { desired } from '../training-fixture.ts'
import { approvedBy, viewOf, wanted } from './fixture.ts'

const claimed = { ...desired, requester: 'T0SIGNAL/U0CARLA' }
const intent = (proven: boolean): Intent =>
  ({ desired: { ...claimed, ...(proven ? { proven: true } : {}) }, order: null }) as unknown as Intent
const known = (proven: boolean, over: Parameters<typeof wanted>[0] = {}) =>
  provenIn(viewOf({ doc: wanted({ desired: claimed, ...over }) }), intent(proven))

it('who asked is proven once the source says so of what was only claimed', () => {
  expect(known(true)?.desired).toMatchObject({ requester: 'T0SIGNAL/U0CARLA', proven: true })
  expect(known(false)).toBeNull()
  expect(known(true, { desired: { ...claimed, proven: true } as never })).toBeNull()
})

it('what was approved on the claim binds nobody unless it has begun', () => {
  expect(known(true, { approved: approvedBy({ begun: false }) })?.approved).toBeNull()
  expect(known(true, { approved: approvedBy({ begun: true }) })?.approved).toMatchObject({ begun: true })
})
