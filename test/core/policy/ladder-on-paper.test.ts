import { expect, it } from 'vitest'
import { ladderOnPaper } from '../../../core/policy/ladder-on-paper.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { exampleWith } from '../training-fixture.ts'

type Changes = readonly (readonly [path: string, value: unknown])[]
const plain = (): Changes => [
  ['budget', { name: 'ml-monthly', dollars: 20_000 }],
  ['pipelines.support-chats.stages.0.preemptible', undefined],
  ['services.support-llama.floor', undefined],
]
const found = (...changes: Changes) => {
  const all = ladderOnPaper(parsePolicy(exampleWith(...plain(), ...changes)))
  expect(all.flatMap(({ lanes }) => lanes)).toEqual([])
  return all.map(({ path, why }) => `${path}: ${why}`)
}
const SUSPENDS = ['budget.ladder', [{ at: 0.9, do: 'suspend-preemptible' }]] as const
const FLOOR = ['budget.ladder', [{ at: 0.9, do: 'cap-pools', serving: 'floor' }]] as const
const PREEMPTIBLE = ['pipelines.support-chats.stages.0.preemptible', true] as const
const FLOORED = ['services.support-llama.floor', 1] as const

it('a ladder of which no rung is ever reached, whatever runs', () => {
  expect(found(['budget.ladder', [{ at: 0.9, do: 'no-new-runs' }]])).toEqual([])
  expect(
    found(
      ['budget.dollars', 1e7],
      [
        'budget.ladder',
        [
          { at: 0.01, do: 'notify' },
          { at: 0.9, do: 'no-new-runs' },
        ],
      ],
    ),
  ).toEqual([
    expect.stringMatching(
      /^budget\.ladder\.1\.at: `no-new-runs` is there from \$9,000,000\.00 on, and all nodes that the pools may have cost up to \$[\d,.]+ in a month of 31 days: it is never reached/,
    ),
  ])
  // Of what nobody knows the price of nobody knows what it may cost.
  expect(
    found(
      ['budget.dollars', 1e7],
      ['budget.ladder', [{ at: 0.9, do: 'no-new-runs' }]],
      ['pools.gpu-train.price', undefined],
    ),
  ).toEqual([])
})

it('a rung that suspends where no stage lets itself be, and a stage that does where no rung suspends', () => {
  expect(found(SUSPENDS)).toEqual([expect.stringMatching(/^budget\.ladder\.0\.do: no stage says `preemptible: true`/)])
  expect(found(PREEMPTIBLE)).toEqual([
    expect.stringMatching(/^pipelines\.support-chats\.stages\.0\.preemptible: no rung .* nothing ever suspends train/),
  ])
  expect(found(SUSPENDS, PREEMPTIBLE)).toEqual([])
})

it('a rung that has services make do with a floor where none has one, and a floor where no rung says so', () => {
  expect(found(FLOOR)).toEqual([expect.stringMatching(/^budget\.ladder\.0\.serving: no service has a `floor` below/)])
  expect(found(FLOORED)).toEqual([expect.stringMatching(/^services\.support-llama\.floor: no rung .*serving: 'floor'/)])
  expect(found(FLOOR, FLOORED)).toEqual([])
})
