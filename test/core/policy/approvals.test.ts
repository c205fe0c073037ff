import { describe, expect, it } from 'vitest'
import { meantText, notAnOperator, peopleOf } from '../../../core/policy/approvals.ts'
import { type Config, PolicyError, parsePolicy } from '../../../core/policy.ts'
import example from '../../example.ts'
import { problemsAfter } from '../training-fixture.ts'

const withRequesters = (requesters: unknown) =>
  parsePolicy({ ...example, approvals: { ...example.approvals, requesters } } as Config)

describe('who uploads from which account', () => {
  it('is a person for each account', () => {
    const requesters = { '111122223333': 'T0SIGNAL/U0ANA' }
    expect(withRequesters(requesters).approvals.requesters).toEqual(requesters)
  })

  it.each([
    [{ 'AIDAEXAMPLE:ana': 'T0SIGNAL/U0ANA' }, 'name an AWS account by its 12 digits'],
    [{ 's3.amazonaws.com': 'T0SIGNAL/U0ANA' }, 'name an AWS account by its 12 digits'],
    [{ '111122223333': 'ana' }, 'name a person as `TEAM/USER`'],
    [{ '111122223333': 'T0SIGNAL/S0GPUOPS' }, 'name a person as `TEAM/USER`'],
  ])('%j is refused, with what to write', (requesters, words) => {
    expect(() => withRequesters(requesters)).toThrow(PolicyError)
    expect(() => withRequesters(requesters)).toThrow(words)
  })

  it('left out, it is not there: a release that knows it changes no policy', () => {
    expect(Object.keys(parsePolicy(example).approvals)).not.toContain('requesters')
  })
})

describe('how many must agree', () => {
  it.each([
    [20, 'anyone', []],
    [21, 'anyone', ['approvals.need: 21 answers can be needed and a question keeps 20: lower it to 20']],
    [20, 'one-more', ['approvals.need: 21 answers can be needed and a question keeps 20: lower it to 19']],
  ] as const)('%i, and of who is unknown %s: as many as a question keeps', (need, unknownRequester, problems) => {
    const approvers = [{ id: 'T0SIGNAL/S0GPUOPS', name: 'ops' }]
    const found = problemsAfter((c) => void Object.assign(c.approvals, { approvers, need, unknownRequester }))
    expect(found).toEqual(problems)
  })
})

describe('operators', () => {
  it('are people like approvers, each said once', () => {
    const [ana, ben] = [
      { id: 'T0SIGNAL/U0ANA', name: 'ana' },
      { id: 'T0SIGNAL/U0BEN', name: 'ben' },
    ]
    expect(peopleOf({ approvers: [ana], operators: [ben, { ...ana, name: 'ops' }] })).toEqual([ana, ben])
    expect(peopleOf({ approvers: [ana] })).toEqual([ana])
  })

  it('are people by their ids: who is in a group is not asked for a command', () => {
    expect(
      problemsAfter((c) => {
        c.approvals.operators = [{ id: 'T0SIGNAL/S0GPUOPS', name: 'ops' }]
      }),
    ).toEqual([expect.stringContaining('approvals.operators.0.id: name a person as `TEAM/USER` ids')])
  })
})

describe('who may not do what operators alone may', () => {
  const operators = [{ id: 'T0SIGNAL/U0OPS', name: 'Olga' }]

  it('is told whom to ask, and as whom the policy knows somebody who is called so', () => {
    expect(notAnOperator('guest', 'lift a rung', { operators })).toBe(
      'guest is none of approvals.operators, who alone may lift a rung: ask Olga (T0SIGNAL/U0OPS)',
    )
    expect(notAnOperator('olga', 'lease', { operators })).toMatch(
      /: ask Olga .*; who is called Olga there is `T0SIGNAL\/U0OPS`: say `--by T0SIGNAL\/U0OPS`$/,
    )
    expect(meantText('nobody', operators)).toBe('')
  })
})
