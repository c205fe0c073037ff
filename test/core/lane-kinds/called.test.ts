import { expect, it } from 'vitest'
import { outcomeCard } from '../../../core/cards.ts'
import { calledBy, inNewNames, laneMeant, withNewNames } from '../../../core/lane-kinds/called.ts'
import { parsePolicy } from '../../../core/policy.ts'
import example from '../../example.ts'
import { piped } from '../../variants.ts'
import { trainPlan } from '../training-fixture.ts'

const { 'support-llama': served } = example.services ?? {}
const called = calledBy(
  parsePolicy({
    ...example,
    pipelines: { chats: piped({ was: 'old-chats' }), sales: piped({ prefix: 'sales/' }) },
    services: { chat: { ...served, model: 'support-llama', was: 'llama.3' } },
  }),
)

it('a lane whose rule was renamed is meant by the old name and by the new one', () => {
  expect(called).toEqual({ 'pipeline/old-chats': 'pipeline/chats', 'service/llama.3': 'service/chat' })
  expect(['pipeline/chats', 'pipeline/old-chats'].map((name) => laneMeant(called, name))).toEqual([
    'pipeline/old-chats',
    'pipeline/old-chats',
  ])
  for (const other of ['pipeline/sales', 'pool/chat', '*', 'chat', 'constructor'])
    expect(laneMeant(called, other)).toBe(other)
})

it('texts say the new name, and are left alone where the old one is part of something else', () => {
  expect(
    inNewNames(called, 'say retry pipeline/old-chats. pipeline/old-chats, `service/llama.3`, service/llama.3.'),
  ).toBe('say retry pipeline/chats. pipeline/chats, `service/chat`, service/chat.')
  for (const other of [
    'pipelines/old-chats',
    'pipeline/old-chats-2',
    's3://b/service/llama.3',
    'service/llama.3.1',
    'service/llama-3',
  ])
    expect(inNewNames(called, other)).toBe(other)
})

it('a card says it in every part', () => {
  const plan = trainPlan()
  const card = withNewNames(outcomeCard(plan, { kind: 'failed', reason: 'gate', detail: `see ${plan.lane}` }), {
    [plan.lane]: 'pipeline/chats',
  })
  expect(card.facts).toContainEqual({ label: 'Lane', value: 'pipeline/chats' })
  expect([card.lines, card.whole]).toEqual([['see pipeline/chats'], `signalbox trace ${plan.id}`])
})
