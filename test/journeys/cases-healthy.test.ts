import { afterEach, describe, expect, it } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import { between } from './away.ts'
import {
  everyJob,
  HOUR,
  jobsOf,
  looseEnds,
  MINUTE,
  MODEL,
  replicasOf,
  SERVE,
  served,
  TRAIN,
  trainedUntil,
  upload,
  versionsOf,
} from './scenes.ts'
import { openTown, type Town } from './town.ts'

const far = between()
let town: Town
afterEach(async () => {
  for (const side of ['cluster', 'ledger', 'queue'] as never[]) far.answers(side)
  far.calls.length = 0
  await town.close()
})
const TRAINED = ['g1a1-evaluate', 'g1a1-train']
/** A Job that somebody else made. */
const foreign = (namespace: string, labels: Record<string, string>, name = 'foreign'): KubeObject =>
  ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace, labels },
    spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'other' }] } } },
  }) as KubeObject

describe('healthy work is never taken away (B)', () => {
  it.each([
    ['the lanes', 'ledger', 'lanes'],
    ['the pods', 'cluster', 'list'],
    ['what is due', 'ledger', 'due'],
    ['the holds and letters', 'ledger', 'list'],
  ] as const)(
    'a list of %s that lags for hours: nothing is concluded from what is missing in it',
    async (_, side, name) => {
      const lagging = { yes: false }
      town = await openTown({
        wrap: (ports) =>
          ({
            ...ports,
            [side]: new Proxy(ports[side] as object, {
              get: (target, member) => {
                const found = Reflect.get(target, member) as unknown
                if (typeof found !== 'function') return found
                return async (...values: unknown[]) =>
                  member === name && lagging.yes ? [] : await (found.apply(target, values) as unknown)
              },
            }),
          }) as typeof ports,
      })
      const made = await everyJob(town)
      await trainedUntil(town, 'train', 'running', { simulation: { minutes: 60 } })
      lagging.yes = true
      await town.advance(30 * MINUTE)
      expect((await jobsOf(town)).map(({ status }) => status?.active)).toEqual([1])
      expect((await town.lane(TRAIN)).run?.ending ?? null).toBeNull()
      lagging.yes = false
      expect((await town.settled(TRAIN)).state).toBe('succeeded')
      expect(made()).toEqual(TRAINED)
      expect(await looseEnds(town)).toEqual([])
    },
  )

  it.each(['away', 'lost'] as const)(
    'the Job was made and the answer %s: adopted, however the product died meanwhile',
    async (how) => {
      town = await openTown()
      await upload(town)
      await town.reopen(far.wrap)
      far.fails('cluster', how, { name: 'create' })
      await town.answered(TRAIN)
      await town.advance(10_000)
      far.answers('cluster')
      await town.reopen()
      expect((await town.settled(TRAIN)).state).toBe('succeeded')
      expect((await jobsOf(town)).map(({ metadata }) => metadata.name.replace(/^.*-(g\d)/, '$1'))).toEqual(TRAINED)
    },
  )

  it('every wake is lost for hours: the due rows and resync carry it to its end', async () => {
    town = await openTown({
      wrap: (ports) => ({
        ...ports,
        queue: {
          wake: (group, id) =>
            id.startsWith('tick.') || id.startsWith('resync.')
              ? ports.queue.wake(group, id)
              : Promise.reject(new Error('lost')),
        },
      }),
    })
    await upload(town)
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null, 1)
    const { id = '' } = (await town.question(TRAIN)) ?? {}
    const answering = town.house.answer(id, { by: 'T0SIGNAL/U0APPROVER', verdict: 'approve', reason: null })
    expect((await answering).status).toBe(202)
    expect((await town.settled(TRAIN, 2)).state).toBe('succeeded')
  })

  it('a Job in another namespace with our labels, and one in ours that we did not write down: neither is touched nor in the way', async () => {
    town = await openTown()
    const { name } = await town.lane(TRAIN)
    const labels = {
      'signalbox.dev/installation': 'signalbox',
      'signalbox.dev/lane': 'pipeline_support-chats',
      'signalbox.dev/plan': `${name}-g1a1`,
    }
    for (const namespace of ['serving', 'training']) await town.house.cluster.create(foreign(namespace, labels))
    const made = await everyJob(town)
    await upload(town)
    await town.answered(TRAIN)
    expect((await town.settled(TRAIN)).state).toBe('succeeded')
    await town.advance(HOUR)
    const left = await jobsOf(town)
    expect(left.filter(({ metadata }) => metadata.name === 'foreign')).toHaveLength(2)
    expect(made().filter((name) => name !== 'foreign')).toEqual(TRAINED)
  })

  it('a Job of our name that runs something else: failed(name-taken), and it is left alone', async () => {
    town = await openTown()
    await upload(town)
    const { name } = await town.lane(TRAIN)
    await town.house.cluster.create(foreign('training', {}, `${name}-g1a1-train`))
    await town.answered(TRAIN)
    expect((await town.settled(TRAIN)).outcome).toMatchObject({ kind: 'failed', reason: 'name-taken' })
    await town.advance(HOUR)
    expect((await jobsOf(town)).map(({ metadata }) => metadata.name)).toEqual([`${name}-g1a1-train`])
    expect(await looseEnds(town)).toEqual([])
  })

  it('the cluster says 404 for a Job in the moment after it was made (a cache): looked at again, not lost', async () => {
    town = await openTown()
    const made = await everyJob(town)
    await upload(town)
    const { cluster } = town.house
    const { get } = cluster
    let missing = 1
    cluster.get = async (ref) => (ref.kind === 'Job' && missing-- > 0 ? null : get.call(cluster, ref))
    await town.answered(TRAIN)
    const { state, outcome } = await town.settled(TRAIN)
    // Nothing is concluded from a fresh absence.
    expect([state, outcome?.reason]).toEqual(['succeeded', null])
    expect(made()).toEqual(TRAINED)
  })

  it('two towns on one ledger of files, one after the other, killed at every commit of a rollout: one of each', async () => {
    town = await openTown()
    await served(town)
    await promote(
      town.house,
      MODEL,
      await registerVersion(town.house, { model: MODEL, simulation: { loadMinutes: 1 } }),
    )
    await town.answered(SERVE)
    for (let n = 0; n < 12; n++) {
      await town.reopen()
      await town.advance(45_000)
    }
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded', generation: 2, attempt: 1 })
    expect(await replicasOf(town)).toEqual({ 2: 2 })
    expect((await jobsOf(town)).map(({ metadata }) => metadata.name.replace(/^.*-(g\d)/, '$1'))).toEqual([
      'g1a1-gate',
      'g2a1-gate',
    ])
    expect(await versionsOf(town)).toHaveLength(2)
  })
})
