import { afterEach, describe, expect, it } from 'vitest'
import { nodePoolObject } from '../../core/bootstrap/node-pools.ts'
import { parsePolicy } from '../../core/policy.ts'
import { thaw as thawOf } from '../../flows/commands.ts'
import type { Key } from '../../flows/ledger-port.ts'
import type { Ports } from '../../flows/ports.ts'
import { everyRow } from '../../flows/rows.ts'
import type { SimulatedCluster } from '../../local/cluster/simulated-cluster.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { between } from './away.ts'
import { clockOf, fillPool, HOUR, jobsOf, MINUTE, MODEL, SERVE, served, stepIs, TRAIN, upload } from './scenes.ts'
import { ANA, BEN, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const ROOM = 'pool/gpu-train'
const config = {
  ...example,
  pools: { ...example.pools, 'gpu-train': { ...example.pools['gpu-train'], maxGpus: 8 } },
  approvals: { ...example.approvals, autoApproveBelow: 1000 },
}
const freeze = (lane: string, hours: number) =>
  town.house.command({ kind: 'freeze', lane, until: clockOf(town).now() + hours * HOUR, by: ANA })
const thaw = (lane: string) => town.house.command({ kind: 'thaw', lane, by: ANA })
const waiting = () => everyRow(town.house.ports.ledger, 'line', `${ROOM}#`)
const leave = async () => {
  const other = (await town.house.cluster.list('Pod')).find(({ metadata }) => metadata.name === 'other')
  await (town.house.cluster as SimulatedCluster).delete(
    { kind: 'Pod', namespace: 'training', name: 'other' },
    other?.metadata.uid ?? '',
  )
}

describe('a pool that is frozen', () => {
  it('holds back whoever’s plan holds of it, before anything of it and between two steps; the others go on', async () => {
    town = await openTown({ config })
    expect(await freeze(ROOM, 24)).toMatchObject({ ok: true, detail: expect.stringContaining(`begins on ${ROOM}`) })
    await upload(town)
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL }))
    await town.answered(SERVE)
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded' })
    await town.advance(6 * HOUR)
    expect((await jobsOf(town)).filter(({ metadata: { name } }) => name.startsWith('support-chats'))).toEqual([])
    expect(await town.lane(TRAIN)).toMatchObject({ run: { phase: 'planned', hold: null } })
    expect(await town.house.why(TRAIN)).toMatchObject({
      why: 'frozen',
      text: expect.stringContaining(`${ROOM} is frozen`),
    })
    await thaw(ROOM)
    await town.until('it trains', stepIs(town, TRAIN, 'train', 'running'))
    await freeze(ROOM, 24)
    await town.advance(12 * HOUR)
    const states = (await town.lane(TRAIN)).run?.steps.map(({ state }) => state)
    expect(states?.slice(0, 2)).toEqual(['done', 'pending'])
    expect(await thaw(ROOM)).toMatchObject({ ok: true, detail: expect.stringContaining('2 lanes woken') })
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded' })
  })

  it('lets nobody wait in its line, whose time is not used up; and nobody is told that there was no room', async () => {
    town = await openTown({ config })
    await fillPool(town)
    await upload(town)
    await town.advance(MINUTE)
    expect(await waiting()).toHaveLength(1)
    await freeze(ROOM, 24)
    expect(await town.house.why(TRAIN)).toMatchObject({ why: 'frozen' })
    await leave()
    await town.advance(10 * MINUTE)
    expect(await waiting()).toEqual([])
    expect((await town.house.why(ROOM)).text).toContain('frozen until')
    await town.advance(22 * HOUR)
    expect((await town.lane(TRAIN)).outcome).toBeNull()
    await town.until('it begins', async () => (await town.lane(TRAIN)).run?.phase === 'steps', 2)
  })
})

describe('a thaw whose wakes are lost', () => {
  const far = between()
  const lost = async (work: () => Promise<unknown>) => {
    far.fails('queue' as never, 'away')
    await work()
    far.answers('queue' as never)
    await town.advance(2 * MINUTE)
  }

  it.each([
    ['of a pool in whose line somebody waited', () => thaw(ROOM)],
    ['by a freeze that ends earlier', () => freeze(ROOM, 0.01)],
  ])('costs a minute: %s', async (_, ends) => {
    town = await openTown({ config, wrap: far.wrap })
    await fillPool(town)
    await upload(town)
    await town.advance(10 * MINUTE)
    await freeze(ROOM, 48)
    await town.advance(10 * MINUTE)
    await leave()
    await lost(ends)
    expect((await town.lane(TRAIN)).run?.phase).toBe('steps')
  })

  const { [MODEL]: _, ...services } = example.services ?? {}

  it('costs a minute: of a service that is to be retired', async () => {
    town = await openTown({ wrap: far.wrap })
    await served(town)
    await freeze('*', 120)
    town.setPolicy({ ...example, services })
    await town.advance(HOUR)
    await lost(() => thaw('*'))
    expect(await town.question(SERVE)).not.toBeNull()
  })

  it('and that came as it was about to write that it rests: nor then does it rest on', async () => {
    let came: Promise<unknown> | null = null
    const silent = { wake: () => Promise.resolve() }
    const wrap = (ports: Ports): Ports => ({
      ...ports,
      ledger: new Proxy(ports.ledger, {
        get: (ledger, name) =>
          name === 'read'
            ? async (keys: Key[]) => {
                const found = await ledger.read(keys)
                if (came === null && racing && keys.some(({ kind, id }) => kind === 'plan' && id === SERVE)) {
                  came = thawOf({ ...ports, queue: silent }, '*', ANA)
                  await came
                }
                return found
              }
            : Reflect.get(ledger, name).bind(ledger),
      }),
    })
    let racing = false
    town = await openTown({ wrap })
    await served(town)
    await freeze('*', 120)
    town.setPolicy({ ...example, services })
    racing = true
    await town.advance(20 * MINUTE)
    expect(came).not.toBeNull()
    expect(await town.question(SERVE)).not.toBeNull()
  })
})

describe('a policy that changes while what was approved waits to begin (laws 13, 15)', () => {
  const [ROUND, BEN_ONLY] = [6 * MINUTE, structuredClone(example)]
  BEN_ONLY.approvals.approvers = example.approvals.approvers.filter(({ id }) => id !== ANA)
  const why = async () => (await town.house.why(TRAIN)).text
  const approvedAndFrozen = async (lane: string) => {
    town = await openTown()
    await upload(town)
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
    await freeze(lane, 72)
    await town.answered(TRAIN)
    expect(await why()).toContain('frozen until')
  }
  /** The same stages on another pool, which the cluster has. */
  const onAnother = async (from: typeof example) => {
    const next = structuredClone(from) as typeof example
    next.pools['gpu-other'] = structuredClone(next.pools['gpu-train'])!
    for (const stage of next.pipelines!['support-chats']!.stages) stage.pool = 'gpu-other'
    const object = nodePoolObject({ name: 'gpu-other', ...parsePolicy(next).pools['gpu-other']! })
    await town.house.cluster.apply(object, 'signalbox-workload')
    return next
  }

  it.each(['*', TRAIN, ROOM])(
    'who approved may not any more, and %s is frozen: others are asked, and it stays frozen',
    async (lane) => {
      await approvedAndFrozen(lane)
      town.setPolicy(BEN_ONLY)
      expect(await why()).toMatch(/^plan is next, within minutes: what it rested on has changed \(.*frozen until/)
      await town.advance(ROUND)
      expect(await town.lane(TRAIN)).toMatchObject({ run: { phase: 'asked', question: { state: 'open', votes: [] } } })
      await town.answered(TRAIN, 'approve', BEN)
      expect(await why()).toContain('frozen until')
      await thaw(lane)
      expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', attempt: 1 })
    },
  )

  it('its stages have another pool, which is not frozen: that is asked about, and begins', async () => {
    await approvedAndFrozen(ROOM)
    town.setPolicy(await onAnother(example))
    await town.advance(ROUND)
    expect((await town.plan(TRAIN))?.plan.bounds.gpus).toEqual({ 'gpu-other': expect.any(Number) })
    await town.answered(TRAIN)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', attempt: 1 })
  })

  it('something else of it changes: nobody is asked, it stays frozen, and is looked at once', async () => {
    await approvedAndFrozen(ROOM)
    town.setPolicy({ ...example, services: {} })
    await town.advance(ROUND)
    expect(await why()).toContain('frozen until')
    const { writtenAt } = await town.lane(TRAIN)
    await town.advance(HOUR)
    expect(await town.lane(TRAIN)).toMatchObject({ writtenAt, run: { phase: 'planned', asked: 1 } })
  })

  it('it waits behind another for room, and its stages have another pool: it begins there', async () => {
    const pipelines = { ...config.pipelines, first: piped({ prefix: 'support-chats/first/', as: 'first' }) }
    const two = { ...config, pipelines }
    town = await openTown({ config: two })
    await fillPool(town)
    await upload(town, 'first')
    await upload(town)
    await town.advance(MINUTE)
    expect((await waiting()).map(({ value }) => value.lane)).toEqual(['pipeline/first', TRAIN])
    town.setPolicy({ ...two, services: {} })
    await town.advance(ROUND)
    const { writtenAt } = await town.lane(TRAIN)
    await town.advance(HOUR)
    expect((await town.lane(TRAIN)).writtenAt).toBe(writtenAt)
    town.setPolicy(await onAnother(two as typeof example))
    await town.advance(ROUND)
    expect((await waiting()).map(({ value }) => value.lane)).toEqual(['pipeline/first'])
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', attempt: 1 })
  })
})
