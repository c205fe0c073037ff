import { expect, it } from 'vitest'
import { mayBeDrained } from '../../../core/workloads/disruption.ts'

it.each([
  ['of several one, whatever a rollout may do', 2, 0, 1],
  ['of several one, so that the next goes once it is ready elsewhere', 8, 3, 1],
  ['of one alone none: whoever drains approves no outage', 1, 0, 0],
  ['nor where a rollout may have one away, but never all', 1, 1, 0],
  ['but where the policy allows an outage it goes', 1, 2, 1],
])('a drain may take %s', (_, replicas, maxUnavailable, may) => {
  expect(mayBeDrained({ replicas, maxUnavailable })).toBe(may)
})
