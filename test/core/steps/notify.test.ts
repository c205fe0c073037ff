import { expect, it } from 'vitest'
import { notifyCard } from '../../../core/steps/notify.ts'
import { trainPlan } from '../training-fixture.ts'

it('tells what a step says, for which lane and plan, and asks nothing', () => {
  const planned = trainPlan()
  const card = notifyCard({ kind: 'notify', name: 'notify', title: 'Tell', why: '', text: 'a new version' }, planned)
  expect(card).toMatchObject({ title: 'a new version', question: null })
  expect(card.facts.map(({ value }) => value)).toEqual([planned.lane, planned.id])
})

it('and which version what was made is: of what was registered before that is the old one', () => {
  const step = {
    kind: 'notify',
    name: 'notify',
    title: 'Tell',
    why: '',
    text: 'a new version',
    kept: 'a version',
  } as const
  const card = (kept: boolean) => notifyCard(step, trainPlan(), { said: 'support-llama v1', kept })
  expect(card(true).facts).toContainEqual({ label: 'Version', value: 'support-llama v1' })
  expect([card(true).title, card(false).title]).toEqual(['a version', 'a new version'])
})
