import { afterEach, describe, expect, it } from 'vitest'
import { promote, registerVersion } from '../../local/scenario.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { between } from './away.ts'
import {
  clockOf,
  DAY,
  fillPool,
  HOUR,
  holdDeletions,
  MINUTE,
  MODEL,
  SERVE,
  say,
  TRAIN,
  trainedUntil,
  upload,
} from './scenes.ts'
import { ANA, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const config = () => structuredClone(example)
/** How the wanted attempt ended, and what it cost. */
const ended = async (hours?: number) => {
  const { outcome } = await town.settled(TRAIN, hours)
  const past = (await town.past(TRAIN)).at(-1)
  return { kind: outcome?.kind, detail: outcome?.detail, cost: past?.cost ?? 0 }
}

describe('what was approved is what it costs', () => {
  it('a price that goes up in the policy ends nothing that was approved at the old one', async () => {
    town = await openTown()
    await trainedUntil(town, 'train', 'running', { simulation: { tasks: { 'fine-tune': { minutes: 150 } } } })
    await town.advance(100 * MINUTE)
    const dear = config()
    dear.pools['gpu-train']!.price!.perNodeHour *= 2
    town.setPolicy(dear)
    const end = await ended()
    expect(end.kind).toBe('succeeded')
    expect(end.cost).toBeLessThan(223.83)
  })

  it('a pool that leaves the policy takes no bound away', async () => {
    town = await openTown()
    await trainedUntil(town, 'train', 'running', { simulation: { minutes: 1000 } })
    await town.advance(100 * MINUTE)
    const { 'gpu-train': pool, ...pools } = config().pools
    const there = { pool: 'gpu-train-2' }
    const pipelines = { 'support-chats': piped({ train: there, evaluate: there }) }
    const renamed = { ...config(), pools: { ...pools, 'gpu-train-2': pool }, pipelines }
    town.setPolicy(renamed)
    expect(await ended(3)).toMatchObject({ kind: 'failed', detail: expect.stringContaining('$223.83') })
  })

  it('what is left of an approval does not bind a retry that needs none', async () => {
    town = await openTown()
    await trainedUntil(town, 'train', 'running', { simulation: { minutes: 1000 } })
    expect(await ended()).toMatchObject({ kind: 'failed' })
    const free = config()
    free.approvals.autoApproveBelow = 1e6
    town.setPolicy(free)
    expect(await say(town, 'retry')).toMatchObject({ ok: true })
    await town.advance(2 * HOUR)
    expect((await town.lane(TRAIN)).run).toMatchObject({ attempt: 2, phase: 'steps', ending: null })
  })
})

describe('what does not run costs nothing', () => {
  it('a finalizer keeps the Job of a cancelled run for two days after its pods are gone', async () => {
    town = await openTown()
    await trainedUntil(town, 'train', 'running', { simulation: { minutes: 600 } })
    await town.advance(10 * MINUTE)
    const pods = town.house.cluster.list.bind(town.house.cluster)
    town.house.cluster.list = async (kind, where) => (kind === 'Pod' ? [] : pods(kind, where))
    const release = holdDeletions(town, 'acme.dev/keep')
    await say(town, 'cancel')
    await town.advance(2 * DAY)
    town.house.cluster.list = pods
    release()
    const end = await ended()
    expect(end.kind).toBe('cancelled')
    expect(end.cost).toBeGreaterThan(5)
    expect(end.cost).toBeLessThan(12)
  })
})

describe('time in which nothing could go on is not held against a run', () => {
  it('an outage while a replica loads uses up none of its patience', async () => {
    const far = between()
    town = await openTown({ wrap: far.wrap })
    await promote(
      town.house,
      MODEL,
      await registerVersion(town.house, { model: MODEL, simulation: { loadMinutes: 12 } }),
    )
    await town.answered(SERVE)
    await town.advance(2 * MINUTE)
    const { cluster } = town.house
    const list = cluster.list.bind(cluster)
    let readyAt = Number.POSITIVE_INFINITY
    cluster.list = async (kind, where) => {
      const found = await list(kind, where)
      if (kind !== 'Deployment' || clockOf(town).now() > readyAt) return found
      return found.map((one) => ({ ...one, status: { readyReplicas: 0 } }) as typeof one)
    }
    far.fails('cluster', 'away')
    await town.advance(5 * HOUR)
    far.answers('cluster')
    readyAt = clockOf(town).now() + 12 * MINUTE
    expect((await town.settled(SERVE, 3)).state).toBe('succeeded')
  })

  it('who was frozen while it waited for room tries for it after the thaw', async () => {
    const narrow = config()
    narrow.approvals.autoApproveBelow = 1e6
    narrow.pools['gpu-train']!.maxGpus = 8
    town = await openTown({ config: narrow })
    await fillPool(town)
    await upload(town)
    await town.until('it waits', async () => (await town.lane(TRAIN)).run?.phase === 'waiting-for-room')
    await town.house.command({ kind: 'freeze', lane: TRAIN, until: clockOf(town).now() + 10 * HOUR, by: ANA })
    const [other] = (await town.house.cluster.list('Pod')).filter(({ metadata }) => metadata.name === 'other')
    await town.house.cluster.delete({ kind: 'Pod', namespace: 'training', name: 'other' }, other?.metadata.uid ?? '')
    await town.advance(9 * HOUR)
    await town.house.command({ kind: 'thaw', lane: TRAIN, by: ANA })
    expect((await ended(3)).kind).toBe('succeeded')
  })
})
