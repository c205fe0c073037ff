import { afterEach, describe, expect, it } from 'vitest'
import { leaveVote } from '../../flows/letters.ts'
import example from '../../signalbox.config.ts'
import { between } from './away.ts'
import { clockOf, fillPool, HOUR, MINUTE, TRAIN, upload } from './scenes.ts'
import { ANA, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const asked = async () => {
  await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
  return (await town.question(TRAIN))!
}

describe('a yes that was given in time', () => {
  it('and read half a minute later, since its wake was lost: what it approved begins', async () => {
    town = await openTown()
    await upload(town)
    const { id, until } = await asked()
    await town.advance(until - clockOf(town).now() - 1000)
    const event = { type: 'approval-answered' as const, id: 'v', at: until, question: id, verdict: 'approve' as const }
    const person = { by: ANA, byName: 'ana', workspace: 'T0SIGNAL', reason: null, replyTo: null, message: null }
    const unheard = { ...town.house.ports, queue: { wake: async () => undefined } }
    await leaveVote(unheard, { ...event, ...person }, 'late')
    clockOf(town).set(until + 30_000)
    await town.advance(MINUTE)
    expect(await town.lane(TRAIN)).toMatchObject({ run: { phase: 'steps', ending: null } })
  })
})

it('what an outage held up until it expired says so, and claims nothing about room', async () => {
  const far = between()
  const narrow = structuredClone(example)
  narrow.pools['gpu-train']!.maxGpus = 8
  town = await openTown({ config: narrow, wrap: far.wrap })
  await fillPool(town)
  await upload(town)
  await asked()
  await town.answered(TRAIN)
  await town.advance(5 * MINUTE)
  far.fails('cluster', 'away')
  await town.advance(5 * HOUR)
  far.answers('cluster')
  const { outcome } = await town.settled(TRAIN)
  expect(outcome).toMatchObject({ kind: 'expired', detail: expect.stringContaining('cluster does not answer') })
})
