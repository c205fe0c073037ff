import { afterEach, expect, it } from 'vitest'
import type { Ports } from '../../flows/ports.ts'
import example from '../example.ts'
import { between } from './away.ts'
import { clockOf, fillPool, HOUR, MINUTE, say, TRAIN, timeline, upload } from './scenes.ts'
import { ANA, BEN, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

it('what an outage held up for longer than its answer counts is asked about again, and claims nothing about room', async () => {
  const far = between()
  const narrow = structuredClone(example)
  narrow.pools['gpu-train']!.maxGpus = 8
  town = await openTown({ config: narrow, wrap: far.wrap })
  await fillPool(town)
  await upload(town)
  await town.answered(TRAIN)
  await town.advance(5 * MINUTE)
  far.fails('cluster', 'away')
  await town.advance(5 * HOUR)
  far.answers('cluster')
  await town.until('it asks again', async () => (await town.question(TRAIN)) !== null)
  expect((await timeline(town)).map(({ text }) => text)).toContainEqual(
    expect.stringMatching(/held up \(.*cluster does not answer.* for longer than its answer counts/),
  )
})

it('a lane that is thawed while every lane is frozen is told that it rests on', async () => {
  town = await openTown()
  await upload(town)
  await town.answered(TRAIN, 'deny')
  const until = clockOf(town).now() + HOUR
  const command = (kind: 'freeze' | 'thaw', lane: string) => town.house.command({ kind, lane, until, by: ANA })
  await command('freeze', '*')
  const rests = expect.stringContaining('every lane is frozen until')
  expect(await command('thaw', TRAIN)).toEqual({ ok: false, detail: rests })
  await command('freeze', TRAIN)
  expect(await command('thaw', TRAIN)).toEqual({ ok: true, detail: rests })
  expect(await command('thaw', '*')).toMatchObject({ ok: true, detail: expect.not.stringContaining('frozen') })
})

it('where the policy names operators nobody else cancels, retries, freezes or thaws', async () => {
  const operators = [{ id: BEN, name: 'ben' }]
  town = await openTown({ config: { ...example, approvals: { ...example.approvals, operators } } })
  await upload(town)
  await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
  const until = clockOf(town).now() + HOUR
  const command = (kind: 'freeze' | 'thaw', by: string) => town.house.command({ kind, lane: TRAIN, until, by })
  const none = { ok: false, detail: expect.stringContaining('none of approvals.operators') }
  expect(await say(town, 'cancel')).toMatchObject(none)
  expect(await command('freeze', ANA)).toMatchObject(none)
  expect(await command('freeze', BEN)).toMatchObject({ ok: true })
  expect(await command('thaw', ANA)).toMatchObject(none)
  expect(await command('thaw', BEN)).toMatchObject({ ok: true })
  expect(await town.question(TRAIN)).not.toBeNull()
})

it('a ceiling that is raised, and namespaces that are named anew, are there at the next look', async () => {
  const low = { ...example, pools: { ...example.pools, 'gpu-train': { ...example.pools['gpu-train'], maxGpus: 0 } } }
  town = await openTown({ config: low })
  await upload(town)
  await town.until('it is refused', async () => (await town.lane(TRAIN)).state === 'refused')
  town.setPolicy({ ...example, namespaces: { training: 'jobs', serving: 'models' } })
  await town.answered(TRAIN)
  expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded' })
  expect((await town.house.cluster.list('Job')).map(({ metadata }) => metadata.namespace)).toEqual(['jobs', 'jobs'])
})

it('while nobody can read the policy people may still freeze, and nobody ends a freeze or makes it shorter', async () => {
  let readable = true
  const wrap = (ports: Ports): Ports => ({
    ...ports,
    policies: {
      load: async () => {
        if (readable) return ports.policies.load()
        throw new Error('the policy is newer than this release')
      },
    },
  })
  town = await openTown({ wrap })
  await upload(town)
  await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
  readable = false
  const command = (kind: 'freeze' | 'thaw', hours: number) =>
    town.house.command({ kind, lane: TRAIN, until: clockOf(town).now() + hours * HOUR, by: ANA })
  const unread = { ok: false, detail: expect.stringContaining('the policy cannot be read now') }
  expect(await command('freeze', 2)).toMatchObject({ ok: true })
  expect(await command('freeze', 3)).toMatchObject({ ok: true })
  expect(await command('freeze', 1)).toMatchObject(unread)
  expect(await command('thaw', 0)).toMatchObject(unread)
  readable = true
  expect(await command('thaw', 0)).toMatchObject({ ok: true })
})
