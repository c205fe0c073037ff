import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { Ports } from '../../flows/ports.ts'
import { runUntil } from '../../local/drive.ts'
import example from '../example.ts'
import { calling } from '../faults/mortal.ts'
import { piped, stagesOf } from '../variants.ts'
import { between } from './away.ts'
import { clockOf, everyJob, HOUR, jobsOf, looseEnds, say, TRAIN, timeline, trainedUntil, versionsOf } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

/** Something takes the pod away by the node: an attempt that follows may do better. */
const lost = (task: string) => ({ tasks: { [task]: { imagePull: 'fail' } } })
const mend = async (behaviour: Record<string, unknown> = {}): Promise<void> =>
  town.house.objects.write('acme-datasets', 'support-chats/a/simulation.json', Buffer.from(JSON.stringify(behaviour)))
const failed = () =>
  town.until('an attempt failed', async () => (await town.past(TRAIN)).some(({ outcome }) => outcome.kind === 'failed'))
/** Goes on until this attempt has ended, whichever went before. */
const ended = async (attempt: number) => {
  await town.until(`attempt ${attempt} has ended`, async () => {
    const { outcome, run } = await town.lane(TRAIN)
    return run === null && outcome?.attempt === attempt
  })
  return town.lane(TRAIN)
}
/** Where the first training has written: in its pod's folder. */
const trainedFolder = async (): Promise<string> => {
  const [file] = await town.house.objects.list('acme-results', `results/${(await town.lane(TRAIN)).name}-g1a1-train-`)
  return file?.key.split('/').slice(0, 2).join('/').concat('/') ?? ''
}
const asks = async () => (await timeline(town)).filter(({ text }) => text.startsWith('asked ')).length

describe('what was paid for is kept (law 7)', () => {
  it('a failure in passing at the evaluation: the next attempt keeps the training, asks nobody, registers once', async () => {
    town = await openTown()
    const made = await everyJob(town)
    await trainedUntil(town, 'train', 'running', { simulation: lost('evaluate') })
    await failed()
    await mend()
    expect(await ended(2)).toMatchObject({ state: 'succeeded', generation: 1, attempt: 2 })
    expect(made()).toEqual(['g1a1-evaluate', 'g1a1-train', 'g1a2-evaluate'])
    expect(await asks()).toBe(1)
    expect(await versionsOf(town)).toEqual([expect.stringContaining('g1a1-train-')])
    const second = await town.run(TRAIN, 1, 2)
    expect(second?.steps[0]).toMatchObject({ name: 'train', state: 'done', note: 'kept from attempt 1', ranFrom: null })
    // Ten minutes of its node.
    expect(second?.cost).toBeLessThan(10)
    expect(await looseEnds(town)).toEqual([])
  })

  it('the bound counts over both attempts: the second is ended when both have cost what was approved', async () => {
    const hours = { p50: 0.1, p95: 0.2 }
    const config = {
      ...example,
      pipelines: { 'support-chats': piped({ train: { hours }, evaluate: { hours } }) },
    }
    town = await openTown({ config })
    // At most 0.4 h × $55.04, and $29.35 beside: $51.37. The training costs $9.17, and the second attempt starts with $12.85.
    await trainedUntil(town, 'train', 'running', { simulation: lost('evaluate') })
    await failed()
    await mend({ tasks: { evaluate: { minutes: 300 } } })
    const { outcome, attempt } = await ended(2)
    expect([attempt, outcome]).toEqual([
      2,
      expect.objectContaining({
        kind: 'failed',
        reason: 'bound-reached',
        detail: expect.stringContaining('raise its hours'),
      }),
    ])
    const costs = (await town.past(TRAIN)).map(({ cost }) => cost)
    expect(costs.reduce((a, b) => a + b, 0)).toBeGreaterThan(20)
    expect(costs.reduce((a, b) => a + b, 0)).toBeLessThan(23.9)
    expect((await jobsOf(town)).filter(({ status }) => (status?.active ?? 0) > 0)).toEqual([])
  })

  it.each(['model', 'result.json'])(
    'its %s was deleted in between: it is trained again, and asked about, since less is left of what was approved',
    async (kind) => {
      const dataDir = await mkdtemp(join(tmpdir(), 'signalbox-kept-'))
      town = await openTown({ dataDir })
      const made = await everyJob(town)
      await trainedUntil(town, 'train', 'running', { simulation: lost('evaluate') })
      await failed()
      await mend()
      await rm(join(dataDir, 'buckets/acme-results', await trainedFolder(), kind), { recursive: true })
      await town.answered(TRAIN)
      expect(await ended(2)).toMatchObject({ state: 'succeeded', attempt: 2 })
      expect(made()).toEqual(['g1a1-evaluate', 'g1a1-train', 'g1a2-evaluate', 'g1a2-train'])
      expect(await versionsOf(town)).toEqual([expect.stringContaining('g1a2-train-')])
    },
  )

  it('its result was written over by somebody: that is not what was measured, so it is asked about and trained again', async () => {
    town = await openTown()
    const made = await everyJob(town)
    await trainedUntil(town, 'train', 'running', { simulation: lost('evaluate') })
    await failed()
    await mend()
    const at = await trainedFolder()
    const object = `${(await town.lane(TRAIN)).name}-g1a1-train`
    const planted = { object, metrics: {}, artifacts: { model: `s3://acme-results/${at}planted` } }
    await town.house.objects.write('acme-results', `${at}result.json`, Buffer.from(JSON.stringify(planted)))
    await town.answered(TRAIN)
    expect(await ended(2)).toMatchObject({ state: 'succeeded', attempt: 2 })
    expect(made()).toContain('g1a2-train')
    expect((await versionsOf(town)).join()).not.toContain('planted')
  })

  it('what it made was written over: that is not what was measured, so it is asked about and trained again', async () => {
    town = await openTown()
    const made = await everyJob(town)
    await trainedUntil(town, 'train', 'running', { simulation: lost('evaluate') })
    await failed()
    await mend()
    await town.house.objects.write('acme-results', `${await trainedFolder()}model/weights`, Buffer.from('other'))
    await town.answered(TRAIN)
    expect(await ended(2)).toMatchObject({ state: 'succeeded', attempt: 2 })
    expect(made()).toEqual(['g1a1-evaluate', 'g1a1-train', 'g1a2-evaluate', 'g1a2-train'])
    expect(await versionsOf(town)).toEqual([expect.stringContaining('g1a2-train-')])
  })

  it('a gate that failed: retry measures anew and keeps the training', async () => {
    town = await openTown()
    const made = await everyJob(town)
    await trainedUntil(town, 'train', 'running', { simulation: { tasks: { evaluate: { metrics: { score: 0.5 } } } } })
    expect((await town.settled(TRAIN)).outcome).toMatchObject({ reason: 'gate' })
    await mend()
    expect(await say(town, 'retry')).toMatchObject({
      ok: true,
      detail: expect.stringMatching(/keeping train where nothing of it has changed$/),
    })
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', attempt: 2 })
    expect(made()).toEqual(['g1a1-evaluate', 'g1a1-train', 'g1a2-evaluate'])
    expect(await asks()).toBe(1)
  })

  it('retry --from train trains again', async () => {
    town = await openTown()
    const made = await everyJob(town)
    await trainedUntil(town, 'train', 'running', { simulation: { tasks: { evaluate: { metrics: { score: 0.5 } } } } })
    await town.settled(TRAIN)
    await mend()
    expect(await say(town, 'retry', { from: 'train' })).toMatchObject({ ok: true })
    await town.answered(TRAIN)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', attempt: 2 })
    expect(made()).toEqual(['g1a1-evaluate', 'g1a1-train', 'g1a2-evaluate', 'g1a2-train'])
  })

  it('retry --from train, denied, then retry: the training that was paid for is kept', async () => {
    town = await openTown()
    const made = await everyJob(town)
    await trainedUntil(town, 'train', 'running', { simulation: { tasks: { evaluate: { metrics: { score: 0.5 } } } } })
    await town.settled(TRAIN)
    await mend()
    expect(await say(town, 'retry', { from: 'train' })).toMatchObject({ ok: true })
    await town.answered(TRAIN, 'deny')
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'rejected', attempt: 2 })
    expect(await say(town, 'retry')).toMatchObject({
      ok: true,
      detail: expect.stringMatching(/keeping train where nothing of it has changed$/),
    })
    await town.answered(TRAIN)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', attempt: 3 })
    expect(made()).toEqual(['g1a1-evaluate', 'g1a1-train', 'g1a3-evaluate'])
  })

  it('retry of a success does all of it again, asks, and registers what it made beside the first', async () => {
    town = await openTown()
    await trainedUntil(town, 'train', 'running')
    await town.settled(TRAIN)
    const made = await everyJob(town)
    expect(await say(town, 'retry')).toMatchObject({ ok: true })
    expect(await town.question(TRAIN)).not.toBeNull()
    await town.answered(TRAIN)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', attempt: 2 })
    expect(made()).toEqual(expect.arrayContaining(['g1a2-evaluate', 'g1a2-train']))
    expect(await versionsOf(town)).toHaveLength(2)
  })

  it('another image for the trainer: its key is another, so nothing is kept, and it is asked about', async () => {
    town = await openTown()
    const made = await everyJob(town)
    await trainedUntil(town, 'train', 'running', { simulation: { tasks: { evaluate: { metrics: { score: 0.5 } } } } })
    await town.settled(TRAIN)
    await mend()
    const image = stagesOf(piped()).train.image!.replace(/.$/, '0')
    town.setPolicy({ ...example, pipelines: { 'support-chats': piped({ train: { image } }) } })
    expect(await say(town, 'retry')).toMatchObject({ ok: true })
    await town.answered(TRAIN)
    await town.settled(TRAIN)
    expect(made()).toContain('g1a2-train')
  })

  it('a stricter gate alone keeps the training and asks again: the card names the gate', async () => {
    town = await openTown()
    const made = await everyJob(town)
    await trainedUntil(town, 'train', 'running', { simulation: { tasks: { evaluate: { metrics: { score: 0.5 } } } } })
    await town.settled(TRAIN)
    const gates = [{ metric: 'score', op: '>=' as const, value: 0.4 }]
    town.setPolicy({
      ...example,
      pipelines: { 'support-chats': piped({ evaluate: { gates } }) },
    })
    expect(await say(town, 'retry')).toMatchObject({
      ok: true,
      detail: expect.stringMatching(/keeping train where nothing of it has changed$/),
    })
    await town.answered(TRAIN)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', attempt: 2 })
    expect(made()).not.toContain('g1a2-train')
    expect(await asks()).toBe(2)
  })

  it.each(['before', 'after'] as const)('the process dies %s the registry took it: registered once', async (when) => {
    town = await openTown()
    await trainedUntil(town, 'evaluate', 'running')
    const life = { dead: false }
    const call = async (work: () => unknown, name: string): Promise<unknown> => {
      if (!life.dead && name !== 'register') return work()
      if (!life.dead && when === 'after') await work()
      life.dead = true
      throw new Error('the process is dead')
    }
    await town.reopen(
      (ports) =>
        Object.fromEntries(
          Object.entries(ports).map(([side, port]) => [side, side === 'clock' ? port : calling(port as object, call)]),
        ) as unknown as Ports,
    )
    await runUntil(town.house, clockOf(town), { done: async () => life.dead, atMost: HOUR }).catch(() => undefined)
    expect(life.dead).toBe(true)
    await town.reopen()
    expect(await town.settled(TRAIN, 1)).toMatchObject({ state: 'succeeded', attempt: 1 })
    expect(await versionsOf(town)).toHaveLength(1)
  })

  it('an attempt that registered, and whose later end was bad, is found again by the next: one version', async () => {
    const far = between()
    town = await openTown({ wrap: far.wrap })
    await trainedUntil(town, 'evaluate', 'running')
    // The registry has it, and its answer never comes; a person cancels, then says retry.
    far.fails('registry', 'lost', { name: 'register' })
    await town.until('it has tried', async () => far.calls.some(({ name, failed: did }) => name === 'register' && did))
    expect(await say(town, 'cancel')).toMatchObject({ ok: true })
    await town.settled(TRAIN, 1)
    far.answers('registry')
    expect(await say(town, 'retry')).toMatchObject({ ok: true })
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', attempt: 2 })
    expect(await versionsOf(town)).toHaveLength(1)
  })

  it('a Job longer than its hours: what is called "at most" ends it then, and its GPUs go back', async () => {
    town = await openTown()
    await trainedUntil(town, 'train', 'running', { simulation: { minutes: 24 * 60 } })
    const { outcome } = await town.settled(TRAIN)
    expect(outcome).toMatchObject({ kind: 'failed', reason: 'bound-reached' })
    const [{ cost } = { cost: 0 }] = await town.past(TRAIN)
    // 3.5 h × $55.04 and 2 min, less the time that its pods are given to end.
    expect(cost).toBeGreaterThan(190)
    expect(cost).toBeLessThanOrEqual(194.48)
    expect(await jobsOf(town)).toEqual([])
    expect(await looseEnds(town)).toEqual([])
    await town.advance(HOUR)
    expect((await town.lane(TRAIN)).attempt).toBe(1)
  })

  it('a Job that ended just before its bound, and was looked at long after it, has ended by itself', async () => {
    const far = between()
    town = await openTown({ wrap: far.wrap })
    await trainedUntil(town, 'train', 'running', { simulation: { tasks: { 'fine-tune': { minutes: 170 } } } })
    await town.advance(HOUR)
    far.fails('cluster', 'away')
    await town.advance(12 * HOUR)
    far.answers('cluster')
    expect((await town.settled(TRAIN)).state).toBe('succeeded')
    expect((await town.past(TRAIN))[0]?.cost).toBeLessThan(192.64)
  })

  it.each(['cluster', 'objects'] as const)(
    'a training that ended while the %s was away, and is cancelled before anybody looked, is kept and booked as it ran',
    async (side) => {
      const far = between()
      town = await openTown({ wrap: far.wrap })
      const made = await everyJob(town)
      await trainedUntil(town, 'train', 'running', { simulation: { tasks: { 'fine-tune': { minutes: 60 } } } })
      far.fails(side, 'away')
      await town.advance(3 * HOUR)
      expect(await say(town, 'cancel')).toMatchObject({ ok: true })
      if (side === 'cluster') far.answers(side)
      expect((await town.settled(TRAIN)).state).toBe('cancelled')
      expect((await town.past(TRAIN))[0]?.cost).toBeLessThan(58)
      far.answers(side)
      expect(await say(town, 'retry')).toMatchObject({ ok: true })
      expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', attempt: 2 })
      expect(made()).toEqual(['g1a1-train', 'g1a2-evaluate'])
    },
  )

  it('a Job that is gone with its result while the cluster was away: a success, and no bound is reached by waiting', async () => {
    const far = between()
    town = await openTown({ wrap: far.wrap })
    await trainedUntil(town, 'train', 'running', { simulation: { tasks: { 'fine-tune': { minutes: 60 } } } })
    far.fails('cluster', 'away')
    await town.advance(2 * HOUR)
    const { namespace = '', name, uid = '' } = (await jobsOf(town))[0]?.metadata ?? { name: '' }
    await town.house.cluster.delete({ kind: 'Job', namespace, name }, uid)
    await town.advance(3 * HOUR)
    far.answers('cluster')
    expect((await town.settled(TRAIN)).state).toBe('succeeded')
    expect((await town.past(TRAIN))[0]?.cost).toBeLessThan(66)
  })
})
