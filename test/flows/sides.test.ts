import { expect, it } from 'vitest'
import { type Cluster, NotAllowed, Unavailable } from '../../flows/ports.ts'
import type { Registry } from '../../flows/registry-port.ts'
import { givingUp, type Told, withSides } from '../../flows/sides.ts'

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

it('knows a write that fails alone, where looks are answered, from a cluster that does not answer', async () => {
  const told: Told = new Map()
  let isAway = false
  const away = async (): Promise<never> => {
    throw new Unavailable('503')
  }
  const get = async (): Promise<null> => (isAway ? away() : null)
  const { cluster } = withSides({ cluster: { get, patch: away, apply: away } as unknown as Cluster }, told)
  const ask = (work: Promise<unknown>): Promise<unknown> => work.catch(() => null)
  const ref = { kind: 'NodePool', namespace: null, name: 'p' } as const
  const saysOf = () => ({ alone: told.get('cluster')?.alone ?? false, answered: told.get('cluster')?.answered })
  // Nobody has looked yet: it is looked at then.
  await ask(cluster.patch(ref, 'u', {}))
  expect(saysOf()).toMatchObject({ alone: true })
  told.clear()
  isAway = true
  await ask(cluster.patch(ref, 'u', {}))
  expect(saysOf()).toEqual({ alone: false, answered: false })
  told.clear()
  isAway = false
  await ask(cluster.get(ref))
  await ask(cluster.patch(ref, 'u', {}))
  expect(saysOf()).toEqual({ alone: true, answered: true })
  isAway = true
  await ask(cluster.get(ref))
  expect(saysOf()).toEqual({ alone: false, answered: true })
  await ask(cluster.patch(ref, 'u', {}))
  expect(saysOf()).toEqual({ alone: false, answered: true })
})

it('what others have brought to a cluster, and a kind by itself, may be away, or a right on it be missing, and that tells of nothing else there', async () => {
  for (const error of [new Unavailable('503'), new NotAllowed('403')]) {
    const told: Told = new Map()
    const get = async (): Promise<null> => null
    const list = async (): Promise<never> => {
      throw error
    }
    const { cluster } = withSides({ cluster: { get, list } as unknown as Cluster }, told)
    await cluster.get({ kind: 'Job', namespace: 'a', name: 'j' })
    for (const kind of ['Workload', 'Service'] as const) {
      await cluster.list(kind).catch(() => null)
      expect(told.get('cluster')).toMatchObject({ alone: true, answered: true })
    }
    await cluster.list('Pod').catch(() => null)
    expect(told.get('cluster')).toMatchObject({ alone: false })
  }
})
