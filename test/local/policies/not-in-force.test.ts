import { expect, it } from 'vitest'
import { parsePolicy } from '../../../core/policy.ts'
import { fixedPolicies } from '../../../local/policies/file-policies.ts'
import { notInForce, tellsWhenNotInForce } from '../../../local/policies/not-in-force.ts'
import example from '../../example.ts'

const policy = parsePolicy(example)
/** Policies whose file is edited. */
const edited = () => {
  let problem: string | null = null
  const policies = { ...fixedPolicies(policy), problem: async () => problem }
  return { policies, edit: (next: string | null) => (problem = next) }
}

it('says which policy is in force and why the file is not, on one line; nothing where it is, or cannot be otherwise', async () => {
  const { policies, edit } = edited()
  expect(await notInForce(policies)).toBeNull()
  expect(await notInForce(fixedPolicies(policy))).toBeNull()
  edit('the policy has 1 problem:\n  - schema: 3 is newer than 2')
  expect(await notInForce(policies)).toBe(
    `in force is policy ${policy.version}; the file as it is now is not, because: the policy has 1 problem: - schema: 3 is newer than 2`,
  )
})

it('is told once, again when it is for another reason, and when it is over', async () => {
  const { policies, edit } = edited()
  const told: (string | null)[] = []
  const look = tellsWhenNotInForce(policies, (sentence) => told.push(sentence))
  for (const problem of [null, 'a', 'a', 'b', null, null]) {
    edit(problem)
    await look()
  }
  expect(told).toEqual([expect.stringMatching(/: a$/), expect.stringMatching(/: b$/), null])
})
