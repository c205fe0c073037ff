import { expect, it } from 'vitest'
import { whyOf } from '../../flows/why.ts'
import { CATALOGUES } from '../../functions/door.ts'
import { openTown } from './town.ts'

it('why of a budget without a ladder says that it has none, and where its money is told of; of another it knows nothing', async () => {
  const town = await openTown()
  try {
    const why = async (name: string) => whyOf(town.house.ports, `budget/${name}`, CATALOGUES)
    expect(await why(town.policy.budget.name)).toMatchObject({
      why: 'done',
      text: expect.stringMatching(/a month and no ladder.*`signalbox spend`.*`signalbox budgets`/),
    })
    expect(await why('other')).toMatchObject({ why: 'nothing-known', text: 'there is no lane budget/other' })
  } finally {
    await town.close()
  }
})
