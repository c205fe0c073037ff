import { afterEach, describe, expect, it } from 'vitest'
import type { LookLetter } from '../../core/lane/letters.ts'
import { freeze } from '../../flows/commands.ts'
import { someOf } from '../../flows/due-letters.ts'
import { type Write, weightOf } from '../../flows/ledger-port.ts'
import { leaveLook } from '../../flows/letters.ts'
import type { Ports } from '../../flows/ports.ts'
import { reconcile } from '../../flows/reconcile.ts'
import { everyRow } from '../../flows/rows.ts'
import { CATALOGUES } from '../../functions/door.ts'
import { uploadDataset } from '../../local/scenario.ts'
import example from '../example.ts'
import { between } from './away.ts'
import {
  clockOf,
  fillPool,
  HOUR,
  jobsOf,
  looseEnds,
  MINUTE,
  say,
  TRAIN,
  timeline,
  trainedUntil,
  upload,
} from './scenes.ts'
import { ANA, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

interface Open {
  budget: { name: string }
  pools: Record<string, { maxGpus: number }>
  pipelines: Record<string, { mode?: string; stages: { pool: string }[] }>
  approvals: { autoApproveBelow?: number }
}
const changed = (change: (config: Open) => void): Open => {
  const config = structuredClone(example) as unknown as Open
  change(config)
  return config
}
const renamed = (config: Open): void => {
  config.pools['gpu-big'] = config.pools['gpu-train'] as never
  delete config.pools['gpu-train']
  for (const stage of config.pipelines['support-chats']?.stages ?? []) stage.pool = 'gpu-big'
}
const unasked = (config: Open): void => {
  config.approvals.autoApproveBelow = 1e6
}
const small = ({ pools }: Open): void => {
  ;(pools['gpu-train'] as Open['pools'][string]).maxGpus = 8
}
const counts = () => town.house.ports.ledger.counts()
const looks = () => town.house.ports.ledger.list('look', { prefix: `${TRAIN}#` })
/** The ports with nobody behind the queue: letters lie until somebody reconciles. */
const alone = (): Ports => ({ ...town.house.ports, queue: { ...town.house.ports.queue, wake: async () => undefined } })
const looked = (ports: Ports, me = 'me') => reconcile(ports, TRAIN, { ...CATALOGUES, me, handover: 30_000 })
const leave = (day: string, unique = day) =>
  leaveLook(
    alone(),
    {
      type: 'dataset-uploaded',
      id: unique,
      at: town.house.clock.now(),
      bucket: 'acme-datasets',
      key: `support-chats/${day}/manifest.json`,
      replayed: false,
    } as never,
    { reactions: CATALOGUES.reactions, unique, from: 'door' },
  )
const written = (day: string) =>
  uploadDataset(town.house, { bucket: 'acme-datasets', folder: `support-chats/${day}/`, rows: [`"${day}"`] })

describe('a room is renamed in the policy', () => {
  it.each([
    [
      'the budget',
      (config: Open): void => {
        config.budget.name = 'ml-2027'
      },
    ],
    ['the pool', renamed],
  ])('%s, while a run holds of it: all of it is given back', async (_, rename) => {
    town = await openTown()
    await trainedUntil(town, 'train', 'running')
    town.setPolicy(changed(rename))
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded' })
    for (const room of ['pool/gpu-train', 'pool/gpu-big', 'budget/ml-monthly', 'budget/ml-2027'])
      expect(await town.held(room)).toEqual({ lanes: {}, sum: 0 })
    expect(await counts()).not.toHaveProperty('contended')
  })

  it('while a run stands in its line: it leaves that line', async () => {
    town = await openTown({
      config: changed((config) => {
        for (const change of [unasked, small]) change(config)
      }),
    })
    await fillPool(town)
    await upload(town)
    await town.until('it waits for room', async () => (await town.lane(TRAIN)).run?.phase === 'waiting-for-room')
    expect((await town.lane(TRAIN)).run?.line?.rooms).toEqual(['pool/gpu-train'])
    const line = () => everyRow(town.house.ports.ledger, 'line', 'pool/gpu-train#')
    expect(await line()).toHaveLength(1)
    town.setPolicy(
      changed((config) => {
        for (const change of [unasked, small, renamed]) change(config)
      }),
    )
    await town.until('it has begun', async () => (await town.lane(TRAIN)).run?.phase === 'steps')
    expect(await line()).toEqual([])
    expect(await looseEnds(town)).toEqual([])
  })
})

it('who never wins the compare-and-set is counted', async () => {
  town = await openTown()
  await written('a')
  await leave('a')
  const { ledger } = town.house.ports
  const commit = async (writes: Write[]) =>
    writes.some((write) => 'put' in write)
      ? { ok: false as const, conflict: { kind: 'lane' as const, id: TRAIN } }
      : ledger.commit(writes)
  expect(await looked({ ...alone(), ledger: { ...ledger, commit } })).toBe('contended')
  expect(await counts()).toMatchObject({ contended: 1 })
})

describe('a commit that cannot be made', () => {
  it('two manifests of a lane in shadow that are folded at once are two shadows', async () => {
    town = await openTown({
      config: changed(({ pipelines }) => {
        ;(pipelines['support-chats'] as Open['pipelines'][string]).mode = 'shadow'
      }),
    })
    for (const day of ['a', 'b']) {
      await written(day)
      // The store's own time is that of its first look: the second is the newer one.
      await town.house.objects.list('acme-datasets', 'support-chats/')
      await leave(day)
      clockOf(town).set(town.house.clock.now() + 1000)
    }
    expect(await looked(alone())).toBe('rests')
    expect(await looks()).toEqual([])
    expect(await everyRow(town.house.ports.ledger, 'shadow', `${TRAIN}#`)).toHaveLength(2)
  })

  it('of a lane without a document: it has one then, and says why it rests', async () => {
    town = await openTown()
    await written('a')
    await leave('a')
    const { ledger } = town.house.ports
    const commit = (writes: Write[]) => {
      if (writes.some((write) => 'remove' in write && write.remove === 'look')) throw new RangeError('too heavy')
      return ledger.commit(writes)
    }
    expect(await looked({ ...alone(), ledger: { ...ledger, commit } })).toBe('rests')
    expect((await town.lane(TRAIN)).rest).toMatchObject({ why: 'bug', text: expect.stringContaining('too heavy') })
    expect(await town.house.why(TRAIN)).toMatchObject({ why: 'bug', text: expect.stringContaining('too heavy') })
    expect(await counts()).toMatchObject({ 'bug:ours': 1 })
    clockOf(town).set(town.house.clock.now() + HOUR)
    await looked(alone(), 'after a deploy')
    expect(await town.lane(TRAIN)).toMatchObject({ generation: 1, run: { phase: 'asked' } })
  })
})

describe('our own code cannot read what one place says', () => {
  const unread = async (): Promise<void> => {
    town = await openTown()
    await trainedUntil(town, 'train', 'running', { simulation: { minutes: 10_000 } })
    const { objects } = town.house
    const { stream } = objects
    objects.stream = async (bucket, key, most) => {
      if (key.includes('/b/')) throw new TypeError('no LastModified')
      return stream.call(objects, bucket, key, most)
    }
    await upload(town, 'b')
    await town.advance(MINUTE)
  }

  it('its letter waits alone, and a cancel is folded', async () => {
    await unread()
    const [letter] = await looks()
    expect(letter?.value).toMatchObject({
      waits: {
        reason: 'source-unreadable',
        side: null,
        detail: expect.stringMatching(/a bug of ours, at objects: .*no LastModified/),
      },
    })
    expect(await counts()).toMatchObject({ 'bug:objects': 1 })
    expect((await timeline(town)).map(({ text }) => text)).toContainEqual(expect.stringContaining('a bug of ours'))
    expect(await say(town, 'cancel')).toMatchObject({ ok: true })
    await town.until('it is cancelled', async () => (await town.lane(TRAIN)).outcome?.kind === 'cancelled')
    expect(await jobsOf(town)).toEqual([])
  })

  it('the bound of what runs is enforced', async () => {
    await unread()
    await town.until('it has ended', async () => (await town.lane(TRAIN)).outcome !== null, 12)
    expect((await town.lane(TRAIN)).outcome).toMatchObject({ kind: 'failed', reason: 'bound-reached' })
    expect(await looks()).toHaveLength(1)
  })
})

describe('a freeze is answered while an invocation is under way', () => {
  const freezes = (lane: string) =>
    freeze(town.house.ports, lane, { until: town.house.clock.now() + 12 * HOUR, by: ANA })

  it.each([TRAIN, '*'])('before the first effect of a lane (%s): nothing begins', async (lane) => {
    const far = between()
    town = await openTown({ config: changed(unasked), wrap: far.wrap })
    await written('a')
    // Not for a lane that is not there yet: a freeze of it is refused.
    if (lane === TRAIN) await far.past(() => leave('missing').then(() => looked(alone())))
    let frozen: Promise<unknown> | null = null
    far.after = ({ side, name, values }) => {
      if (side === 'cluster' && name === 'list' && values[0] === 'NodePool') frozen ??= far.past(() => freezes(lane))
      return frozen as never
    }
    await leave('a')
    await looked(alone())
    expect(await frozen).toMatchObject({ ok: true })
    await town.advance(HOUR)
    expect(await town.lane(TRAIN)).toMatchObject({ run: { phase: 'planned', hold: null }, rest: { why: 'frozen' } })
    expect(await jobsOf(town)).toEqual([])
  })

  it('between two steps: the next does not begin, and what goes back does', async () => {
    const far = between()
    town = await openTown({ wrap: far.wrap })
    await trainedUntil(town, 'train', 'running')
    let frozen: Promise<unknown> | null = null
    far.after = ({ side, name, values }, answer) => {
      if (side === 'objects' && name === 'read' && answer !== null && String(values[1]).includes('evaluate'))
        frozen ??= far.past(() => freezes(TRAIN))
      return frozen as never
    }
    await town.advance(5 * HOUR)
    expect(await frozen).toMatchObject({ ok: true })
    const states = (await town.lane(TRAIN)).run?.steps.map(({ state }) => state)
    // Judging touches nothing, and what it is against goes back, frozen or not.
    expect(states).toEqual(['done', 'done', 'done', 'pending', 'pending'])
    await say(town, 'cancel')
    await town.until('it is cancelled', async () => (await town.lane(TRAIN)).outcome?.kind === 'cancelled', 1)
  })
})

describe('letters that wait where many more point', () => {
  it('are folded with them within the weight of a commit', async () => {
    town = await openTown({
      config: changed((config) => {
        for (const change of [unasked, small]) change(config)
      }),
    })
    await fillPool(town)
    await upload(town)
    await town.until('it waits for room', async () => (await town.lane(TRAIN)).run?.phase === 'waiting-for-room')
    const days = ['b', 'c', 'd', 'e', 'f', 'g']
    for (const day of days) {
      await upload(town, day, { leaveOut: [0] })
      clockOf(town).set(town.house.clock.now() + 1000)
    }
    await town.advance(0)
    expect(await looks()).toHaveLength(6)
    const { cluster, objects } = town.house
    const other = (await cluster.list('Pod')).find(({ metadata }) => metadata.name === 'other')
    await cluster.delete({ kind: 'Pod', namespace: 'training', name: 'other' }, other?.metadata.uid ?? '')
    for (const day of days)
      await objects.write('acme-datasets', `support-chats/${day}/part-0.jsonl`, Buffer.from(`"${day}"`))
    for (let n = 0; n < 16; n++) await leave(days[n % 6] as string, `again${n}`)
    const { ledger } = town.house.ports
    const weights: number[] = []
    const commit = (writes: Write[]) => {
      weights.push(writes.reduce((sum, write) => sum + weightOf(write), 0))
      return ledger.commit(writes)
    }
    expect(await looked({ ...alone(), ledger: { ...ledger, commit } })).toBe('rests')
    expect(Math.max(...weights)).toBeLessThanOrEqual(100)
    expect(await looks()).toEqual([])
    expect(await town.lane(TRAIN)).toMatchObject({
      desired: { key: 'support-chats/g/manifest.json' },
      rest: { why: 'working' },
    })
    expect((await counts())['bug:ours']).toBeUndefined()
  })

  it('count among those that one fold takes; what is too many is left for another', async () => {
    town = await openTown()
    const letter = (day: string, n: number, due: number) =>
      ({
        kind: 'look',
        id: `${day}${n}`,
        lane: TRAIN,
        at: n,
        due,
        from: 'door',
        waits: null,
        tries: 0,
        event: { type: 'dataset-uploaded', bucket: 'b', key: day },
      }) as unknown as LookLetter
    const numbered = (day: string, count: number, due: number) =>
      Array.from({ length: count }, (_, n) => letter(day, n, due))
    const takes = (due: LookLetter[], waiting: LookLetter[]) => {
      const { some, later } = someOf(due, waiting, CATALOGUES.reactions)
      return { some: some.length, later: later.length }
    }
    expect(takes(numbered('a', 3, 0), numbered('a', 2, 9))).toEqual({ some: 3, later: 2 })
    expect(takes(numbered('a', 40, 0), numbered('a', 1, 9))).toEqual({ some: 15, later: 1 })
    expect(takes(numbered('a', 40, 0), numbered('a', 40, 9))).toEqual({ some: 1, later: 15 })
    // What waits elsewhere is not folded: it stays in sight.
    expect(
      takes([...numbered('a', 8, 0), ...numbered('b', 8, 0)], [...numbered('a', 4, 9), ...numbered('c', 3, 9)]),
    ).toEqual({ some: 12, later: 7 })
    expect(takes([...numbered('a', 3, 0), ...numbered('b', 3, 0)], numbered('b', 15, 9))).toEqual({
      some: 1,
      later: 15,
    })
  })
})

it('a policy of more pools than one read has keys works as any', async () => {
  const config = structuredClone(example) as typeof example
  const { 'gpu-train': pool } = config.pools
  for (let n = 0; n < 60; n++) Object.assign(config.pools, { [`more-${n}`]: structuredClone(pool) })
  town = await openTown({ config })
  await upload(town, 'a')
  await town.answered(TRAIN)
  expect((await town.settled(TRAIN)).state).toBe('succeeded')
})

it('what a run has cost counts as the next one of its lane begins in the moment of its end', async () => {
  const budget = (dollars: number) =>
    changed((config) => {
      unasked(config)
      Object.assign(config.budget, { dollars })
    })
  town = await openTown({ config: budget(235) })
  await upload(town)
  await town.until('it runs', async () => (await jobsOf(town)).length > 0)
  await upload(town, 'b')
  // It has cost $18 of the $224 that it held: for another such too little is left.
  expect(await town.settled(TRAIN)).toMatchObject({
    state: 'refused',
    outcome: { reason: 'budget-exceeded', detail: expect.stringMatching(/\$18.35 spent/) },
  })
  expect(await town.past(TRAIN)).toMatchObject([{ outcome: { kind: 'succeeded' } }, { outcome: { kind: 'refused' } }])
})
