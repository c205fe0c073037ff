import { expect, it } from 'vitest'
import { openTown } from '../journeys/town.ts'

it.each(['mlflow', 'slack'] as const)(
  'a body that no producer sends is refused and counted before it is read (%s)',
  async (route) => {
    const town = await openTown()
    const answer = await town.house.webhook(route, { headers: {}, body: Buffer.alloc(512 * 1024 + 1, 'x') })
    expect(answer).toMatchObject({ status: 413, body: { refused: 'too-large' } })
    expect(await town.house.ports.ledger.counts()).toMatchObject({ 'refused:too-large': 1 })
    await town.close()
  },
)
