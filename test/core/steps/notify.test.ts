import { expect, it } from 'vitest'
import { notifyCard } from '../../../core/steps/notify.ts'
import { trainPlan } from '../training-fixture.ts'

it('tells what a step says, for which lane and plan, and asks nothing', () => {
  const planned = trainPlan()
  const card = notifyCard({ kind: 'notify', name: 'notify', title: 'Tell', why: '', text: 'a new version' }, planned)
  expect(card).toMatchObject({ title: 'a new version', question: null })
  expect(card.facts.map(({ value }) => value)).toEqual([planned.lane, planned.id])
})
