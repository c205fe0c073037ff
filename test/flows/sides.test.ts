import { expect, it } from 'vitest'
import { NotAllowed, type Registry, Unavailable } from '../../flows/ports.ts'
import { givingUp } from '../../flows/sides.ts'

/** A registry that answers so, one answer after the other, and how often it was asked. */
const registryOf = (answers: (Error | null)[]) => {
  let asked = 0
  const alias = async (): Promise<null> => {
    const answer = answers[Math.min(asked++, answers.length - 1)] ?? null
    if (answer !== null) throw answer
    return null
  }
  const ports = givingUp({ registry: { alias } as unknown as Registry }, 3)
  return { ask: () => ports.registry.alias('m', 'champion'), asked: () => asked }
}

it('asks a far side no more once it was silent three times in a row, and says at once what it said last', async () => {
  const { ask, asked } = registryOf([new Unavailable('first'), new Unavailable('last')])
  for (let n = 0; n < 10; n++) await expect(ask()).rejects.toThrow(n === 0 ? 'first' : 'last')
  expect(asked()).toBe(3)
})

it('goes on with one that answers in between, be it with no', async () => {
  const silent = new Unavailable('silent')
  const { ask, asked } = registryOf([silent, silent, null, silent, silent, new NotAllowed('no'), silent, silent, null])
  for (let n = 0; n < 9; n++) await ask().catch(() => null)
  expect(asked()).toBe(9)
})
