import { afterEach, expect, it } from 'vitest'
import { usd } from '../../core/money/prices.ts'
import { planText } from '../../core/plan-text.ts'
import { runOf } from '../../flows/runs.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import { MODEL, SERVE, stepIs } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

it('the most that a rollout may cost is one figure: on its card, in its text, in what is held, and in what it is ended at', async () => {
  town = await openTown()
  await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL }))
  await town.until('it asks', async () => (await town.question(SERVE)) !== null)
  const plan = (await town.plan(SERVE))!.plan
  const most = usd(plan.bounds.dollars)
  const [posted] = await town.house.chat.cards()
  const told = posted?.card.facts.find(({ label }) => label === 'At most')?.value
  expect(told).toMatch(new RegExp(`^\\${most}: .* for the rollout .*, .* for the first 24 h of what it adds`))
  expect(planText(plan, null)).toContain(`at most     ${told}`)
  const { rollout, ending, firstDay } = plan.boundOf!
  expect(usd(rollout + ending + firstDay)).toBe(most)
  expect((await town.question(SERVE))?.bounds.dollars).toBe(plan.bounds.dollars)
  await town.answered(SERVE)
  await town.until('it loads', stepIs(town, SERVE, 'move-1', 'running'))
  const moments = await town.house.ports.ledger.moments(SERVE, { limit: 10 })
  expect(moments.map(({ text }) => text).join('\n')).toContain(` and ${most}`)
  expect((await runOf(town.house.ports.ledger, plan.id, town.house.clock.now()))?.atMost).toBe(plan.bounds.dollars)
})
