import { expect, it } from 'vitest'
import type { Behaviour } from '../../local/cluster/simulation.ts'
import { between } from './away.ts'
import { HOUR, MINUTE, say, TRAIN, upload } from './scenes.ts'
import { openTown } from './town.ts'

/** How a training of twenty minutes ended for whoever read it three hours later: its pod and its node are gone by then. */
const endOf = async (train: Behaviour, sides: readonly ('policies' | 'objects')[], cancels = false) => {
  const far = between()
  const town = await openTown({ wrap: far.wrap })
  await upload(town, 'a', { simulation: { tasks: { 'fine-tune': { minutes: 20, ...train } } } })
  await town.answered(TRAIN)
  await town.advance(10 * MINUTE)
  for (const side of sides) far.fails(side, 'away')
  await town.advance(3 * HOUR)
  if (cancels) void say(town, 'cancel')
  await town.advance(MINUTE)
  for (const side of sides) far.answers(side)
  await town.advance(MINUTE)
  const { attempt, outcome, run } = await town.settled(TRAIN)
  expect(run).toBeNull()
  const [past] = await town.past(TRAIN)
  const step = past?.run.steps[0]
  await town.close()
  return {
    attempt,
    outcome: outcome?.kind,
    reason: outcome?.reason,
    detail: outcome?.detail,
    train: step?.state,
    note: step?.note,
  }
}

const ENDS: Record<string, Behaviour> = {
  'its program has failed': { exitCode: 1, logs: ['ValueError: bad column'] },
  'its last lines say why': { exitCode: 1, logs: ['CUDA out of memory. Tried to allocate 2 GiB'] },
  'the kernel has killed it': { exitCode: 137, reason: 'OOMKilled' },
  'its termination message alone is its result': { message: true },
  'it has written its result': {},
}

/** Who does not answer meanwhile. */
const AWAY = [['policies'], ['objects'], ['policies', 'objects']] as const

it.each(Object.entries(ENDS))(
  'a training is judged by how its pod was seen to end, whoever could not be asked until that was gone: %s',
  async (_, train) => {
    const seen = await endOf(train, [])
    for (const sides of AWAY) expect(await endOf(train, sides), sides.join(' and ')).toEqual(seen)
  },
)

it('so is one that was cancelled meanwhile: it had failed before', async () => {
  const { outcome, train, note } = await endOf(ENDS['its program has failed'] ?? {}, ['policies'], true)
  expect([outcome, train, note]).toEqual(['cancelled', 'failed', expect.stringContaining('ValueError: bad column')])
})
