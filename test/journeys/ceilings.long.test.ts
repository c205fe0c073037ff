import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import { parsePolicy } from '../../core/policy.ts'
import { poolsNow } from '../../flows/leases.ts'
import { uploadDataset } from '../../local/scenario.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { between } from './away.ts'
import { HOUR, looseEnds, MINUTE } from './scenes.ts'
import { BEN, openTown, START } from './town.ts'

const POOL = 'pool/gpu-train'
const NAMES = ['a', 'b', 'c', 'd']
const config = {
  ...example,
  budget: { ...example.budget, dollars: 1e6 },
  pools: {
    ...example.pools,
    'gpu-train': {
      ...example.pools['gpu-train'],
      maxGpus: 8,
      hours: { zone: 'Europe/Berlin', ceilings: [{ from: '15:00', to: '17:00', maxGpus: 16 }] },
      leases: { maxGpus: 16, maxHours: 12 },
    },
  },
  pipelines: Object.fromEntries(NAMES.map((name) => [name, piped({ prefix: `${name}/`, train: { gpus: 8 } })])),
  approvals: { ...example.approvals, autoApproveBelow: 1e9 },
}

/** What people and the world do, one after the other, some time apart. */
const anyDoing = fc.oneof(
  fc.record({
    does: fc.constant('take' as const),
    gpus: fc.constantFrom(8, 16),
    hours: fc.integer({ min: 1, max: 4 }),
  }),
  fc.record({ does: fc.constantFrom('extend' as const, 'end' as const), hours: fc.integer({ min: 1, max: 2 }) }),
  fc.record({ does: fc.constant('upload' as const), name: fc.constantFrom(...NAMES) }),
  fc.record({ does: fc.constantFrom('restart' as const, 'away' as const, 'back' as const, 'freeze' as const) }),
  fc.record({ does: fc.constant('edit' as const), gpus: fc.constantFrom(0, 8, 64) }),
)
/** More is wanted from the beginning than there is, so that whatever is let begin too much begins. */
const FULL = NAMES.map((name) => [{ does: 'upload' as const, name }, 1] as const)
const anyDay = fc.array(fc.tuple(anyDoing, fc.integer({ min: 1, max: 30 })), { minLength: 6, maxLength: 16 })

it('whatever is leased, ended, uploaded, edited by hand, and however often the API server or the process is away: nothing is granted above the ceiling, and in the end all is as it was', async () => {
  await fc.assert(
    fc.asyncProperty(anyDay, async (day) => {
      const far = between()
      const town = await openTown({ config, wrap: far.wrap })
      try {
        const policy = parsePolicy(config)
        const ceiling = async () => {
          const all = await far.past(() => poolsNow(town.house.ports.ledger, { policy, now: town.house.clock.now() }))
          return all.find(({ pool }) => pool === 'gpu-train')?.ceiling ?? 0
        }
        const nodePool = () =>
          far.past(() => town.house.cluster.get({ kind: 'NodePool', namespace: null, name: 'gpu-train' }))
        const limit = async () =>
          Number(((await nodePool()) as KubeObject<'NodePool'>).spec?.limits?.['nvidia.com/gpu'])
        let last = { sum: 0, ceiling: await ceiling() }
        const goOn = async (minutes: number) => {
          for (let minute = 0; minute < minutes; minute += 2) {
            await town.advance(2 * MINUTE)
            const sum = (await far.past(() => town.held(POOL))).sum
            const now = await ceiling()
            // What has grown was granted within the higher of the two.
            if (sum > last.sum) expect(sum).toBeLessThanOrEqual(Math.max(now, last.ceiling))
            last = { sum, ceiling: now }
          }
        }
        let uploads = 0
        for (const [doing, minutes] of [...FULL, ...day]) {
          const until = town.house.clock.now() + HOUR * ('hours' in doing ? doing.hours : 1)
          const said = { kind: 'lease', lane: POOL, by: BEN } as const
          if (doing.does === 'take') await town.house.command({ ...said, does: 'take', gpus: doing.gpus, until })
          if (doing.does === 'extend') await town.house.command({ ...said, does: 'extend', more: HOUR })
          if (doing.does === 'end') await town.house.command({ ...said, does: 'end' })
          if (doing.does === 'upload') {
            const folder = `${doing.name}/${uploads++}/`
            const simulation = { tasks: { 'fine-tune': { minutes: 150 } } }
            await uploadDataset(town.house, { bucket: 'acme-datasets', folder, rows: [`"${uploads}"`], simulation })
            await town.house.scanUploads()
          }
          if (doing.does === 'restart') await town.reopen(far.wrap)
          if (doing.does === 'away') far.fails('cluster', 'away')
          if (doing.does === 'back') far.answers('cluster')
          if (doing.does === 'freeze') await town.house.command({ kind: 'freeze', lane: POOL, by: BEN, until })
          if (doing.does === 'edit') {
            const found = await nodePool()
            const ref = { kind: 'NodePool', namespace: null, name: 'gpu-train' } as const
            const spec = { limits: { 'nvidia.com/gpu': String(doing.gpus) } }
            await far.past(() => town.house.cluster.patch(ref, found?.metadata.uid ?? '', { spec }))
          }
          await goOn(minutes)
        }
        far.answers('cluster')
        await town.advance(START + 40 * HOUR - town.house.clock.now())
        expect([await ceiling(), await limit()]).toEqual([8, 8])
        expect(await town.house.ports.ledger.list('contribution', { prefix: `${POOL}#` })).toEqual([])
        expect(await looseEnds(town)).toEqual([])
      } finally {
        await town.close()
      }
    }),
    { numRuns: 20 },
  )
}, 600_000)

const NODE_POOL = { kind: 'NodePool', namespace: null, name: 'gpu-train' } as const
const FLAT = {
  ...config,
  pools: {
    ...config.pools,
    'gpu-train': { ...example.pools['gpu-train'], maxGpus: 8, leases: { maxGpus: 16, maxHours: 12 } },
  },
}
const take = (until: number) => ({ kind: 'lease', lane: POOL, by: BEN, does: 'take', gpus: 8, until }) as const

it('a process that dies at any moment of a lease’s beginning or end leaves one lease, which is in force and then over', async () => {
  for (const moment of ['beginning', 'end'])
    for (let calls = 0, died = true; died; calls++) {
      const far = between()
      const town = await openTown({ config: FLAT, wrap: far.wrap })
      try {
        const limit = async () =>
          ((await town.house.cluster.get(NODE_POOL)) as KubeObject<'NodePool'>).spec?.limits?.['nvidia.com/gpu']
        const until = START + 2 * HOUR
        if (moment === 'beginning') far.dies(calls)
        const said = town.house.command(take(until)).catch(() => ({ ok: false }))
        if (moment === 'beginning') await said
        else {
          await said
          await town.advance(2 * HOUR - MINUTE)
          far.dies(calls)
          await town.advance(3 * MINUTE).catch(() => undefined)
        }
        died = far.isDead()
        far.revive()
        await town.reopen(far.wrap)
        await town.advance(10 * MINUTE)
        const rows = await town.house.ports.ledger.list('contribution', { prefix: `${POOL}#` })
        // Who died before the letter was there has taken nothing.
        if (moment === 'beginning' && rows.length > 0) expect([rows.length, await limit()]).toEqual([1, '16'])
        await town.advance(START + 3 * HOUR - town.house.clock.now())
        expect([await town.house.ports.ledger.list('contribution', { prefix: `${POOL}#` }), await limit()]).toEqual([
          [],
          '8',
        ])
        expect(await looseEnds(town)).toEqual([])
      } finally {
        await town.close()
      }
    }
}, 600_000)

it('an apply whose answer is lost is made again, and comes to the same', async () => {
  const far = between()
  const town = await openTown({ config: FLAT, wrap: far.wrap })
  try {
    far.fails('cluster', 'lost', { name: 'apply' })
    await town.house.command(take(START + 2 * HOUR))
    await town.advance(20 * MINUTE)
    far.answers('cluster')
    await town.advance(10 * MINUTE)
    expect(await town.house.ports.ledger.list('contribution', { prefix: `${POOL}#` })).toHaveLength(1)
    expect((await town.lane(POOL)).outcome).toMatchObject({ kind: 'succeeded' })
  } finally {
    await town.close()
  }
})

it('a pool in shadow that its lane had set goes back to its own, follows that, and writes nothing while it is so', async () => {
  const of = (mode: string, maxGpus = 16) => {
    const hours = { zone: 'UTC', ceilings: [{ from: '20:00', to: '06:00', maxGpus: 0 }] }
    const pool = { ...example.pools['gpu-train'], maxGpus, mode, hours }
    return { ...example, pools: { ...example.pools, 'gpu-train': pool } } as never
  }
  const town = await openTown({ config: of('act') })
  try {
    const limit = async () => {
      const found = await town.house.cluster.get({ kind: 'NodePool', namespace: null, name: 'gpu-train' })
      return (found as KubeObject<'NodePool'> | null)?.spec?.limits?.['nvidia.com/gpu']
    }
    await town.advance(9 * HOUR)
    expect(Number(await limit())).toBe(0)
    town.setPolicy(of('shadow'))
    await town.advance(HOUR)
    expect(Number(await limit())).toBe(16)
    const fence = async () => (await town.lane(POOL)).ceiling?.fence ?? 0
    const before = await fence()
    // The night is over, and another comes: no more than that is written.
    await town.advance(24 * HOUR)
    expect((await fence()) - before).toBeLessThan(10)
    town.setPolicy(of('shadow', 24))
    await town.advance(30 * MINUTE)
    expect(Number(await limit())).toBe(24)
  } finally {
    await town.close()
  }
})
