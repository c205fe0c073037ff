import { afterEach, describe, expect, it } from 'vitest'
import { type KubeObject, refOf } from '../../core/kube.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { between, isMeters } from './away.ts'
import {
  DAY,
  fillPool,
  HOUR,
  holdDeletions,
  looseEnds,
  MINUTE,
  MODEL,
  SERVE,
  say,
  served,
  TRAIN,
  timeline,
  trainedUntil,
  upload,
} from './scenes.ts'
import { openTown, type Town } from './town.ts'

const far = between()
let town: Town

/** Somebody deletes a pod, if there is one. */
const taken = async (pod: KubeObject | undefined): Promise<void> => {
  if (pod !== undefined) await town.house.cluster.delete(refOf(pod), pod.metadata.uid ?? '')
}
afterEach(async () => {
  far.answers('cluster')
  far.calls.length = 0
  await town.close()
})

/** Calls since then, of one port. */
const count = (side: string, name?: string): number =>
  far.calls.filter((call) => call.side === side && (name === undefined || call.name === name)).length
const commitsIn = async (ms: number): Promise<number> => {
  far.calls.length = 0
  await town.advance(ms)
  return count('ledger', 'commit')
}
describe('waiting costs next to nothing (I)', () => {
  it('a deletion that a finalizer holds: looked at with growing pauses, says who holds it, and ends when it is gone', async () => {
    town = await openTown({ wrap: far.wrap })
    await trainedUntil(town, 'train', 'running', { simulation: { minutes: 10_000 } })
    const release = holdDeletions(town, 'acme.dev/audit')
    expect(await say(town, 'cancel')).toMatchObject({ ok: true })
    await town.advance(HOUR)
    expect(await town.house.why(TRAIN)).toMatchObject({
      why: 'deleting',
      text: expect.stringContaining('acme.dev/audit holds it'),
    })
    far.calls.length = 0
    await town.advance(2 * HOUR)
    const looks = far.calls.filter(
      ({ side, name, values }) =>
        side === 'cluster' && name === 'get' && (values[0] as { kind: string }).kind === 'Job',
    ).length
    expect(looks).toBeLessThanOrEqual(2 * ((2 * HOUR) / (5 * MINUTE)) + 10)
    expect((await timeline(town)).filter(({ text }) => text.includes('audit')).length).toBeLessThanOrEqual(1)
    expect(Object.keys((await town.held('pool/gpu-train')).lanes)).toEqual([TRAIN])
    release()
    expect((await town.settled(TRAIN, 0.2)).state).toBe('cancelled')
    expect(await looseEnds(town)).toEqual([])
  })

  it('pods that are Terminating for long: the Job is gone, its GPUs are held until they are, and it says so', async () => {
    town = await openTown({ wrap: far.wrap })
    await trainedUntil(town, 'train', 'running')
    await town.advance(10 * MINUTE - 1000)
    const pods = (await town.house.cluster.list('Pod', { namespace: 'training' })) as KubeObject<'Pod'>[]
    const list = town.house.cluster.list.bind(town.house.cluster)
    const { cluster } = town.house
    // The kubelet does not answer: the API server still lists what the Job's deletion left.
    cluster.list = async (kind, where) => (kind === 'Pod' && where?.labels !== undefined ? pods : list(kind, where))
    await say(town, 'cancel')
    await town.advance(2 * HOUR)
    expect(await town.house.why(TRAIN)).toMatchObject({
      why: 'deleting',
      text: expect.stringContaining('still ending'),
    })
    expect(await commitsIn(HOUR)).toBeLessThan(40)
    cluster.list = list
    expect((await town.settled(TRAIN, 0.2)).state).toBe('cancelled')
  })

  it('replicas that flap while a run waits for a person: hardly a commit', async () => {
    town = await openTown({ wrap: far.wrap })
    await served(town)
    await promote(
      town.house,
      MODEL,
      await registerVersion(town.house, { model: MODEL, simulation: { loadMinutes: 1 } }),
    )
    await town.until('it asks', async () => (await town.question(SERVE)) !== null)
    await town.advance(MINUTE)
    far.calls.length = 0
    for (let n = 0; n < 20; n++) {
      const [pod] = await town.house.cluster.list('Pod', { namespace: 'serving' })
      await taken(pod)
      await town.advance(10_000)
    }
    expect(count('ledger', 'commit')).toBeLessThan(5)
    // A wake that finds it waiting is one read; the registry is asked by resync alone.
    expect(count('registry')).toBeLessThanOrEqual(2 * 2)
  })

  it('replicas that flap while a rollout waits for them: commits only for what is news, at most one in a few seconds', async () => {
    town = await openTown({ wrap: far.wrap })
    await served(town)
    await promote(
      town.house,
      MODEL,
      await registerVersion(town.house, { model: MODEL, simulation: { healthy: false } }),
    )
    await town.answered(SERVE)
    await town.advance(5 * MINUTE)
    far.calls.length = 0
    for (let n = 0; n < 15; n++) {
      const pods = await town.house.cluster.list('Pod', { namespace: 'serving' })
      const pod = pods[n % Math.max(1, pods.length)]
      await taken(pod)
      await town.advance(2000)
    }
    expect(count('ledger', 'commit')).toBeLessThan(40)
  })

  it('hours of waiting for an answer, frozen, or done: not one commit; for room that others take: a look a minute by the pool’s lane', async () => {
    const lanes = Object.fromEntries(
      ['asks', 'frozen', 'full', 'done'].map((name) => [name, piped({ prefix: `${name}/` })]),
    )
    const pools = { ...example.pools, 'gpu-train': { ...example.pools['gpu-train'], maxGpus: 8 } }
    const config = { ...example, pools, pipelines: lanes, approvals: { ...example.approvals, expiry: '30d' } }
    town = await openTown({ config, wrap: far.wrap })
    await upload(town, '', { folder: 'done/a/' })
    await town.answered('pipeline/done')
    await town.settled('pipeline/done')
    await upload(town, '', { folder: 'asks/a/' })
    await upload(town, '', { folder: 'frozen/a/' })
    await town.house.command({
      kind: 'freeze',
      lane: 'pipeline/frozen',
      until: town.house.clock.now() + 30 * DAY,
      by: 'ana',
    })
    await town.answered('pipeline/frozen')
    await fillPool(town)
    await upload(town, '', { folder: 'full/a/' })
    await town.answered('pipeline/full')
    await town.advance(HOUR)
    expect(
      await Promise.all(Object.keys(lanes).map(async (name) => (await town.house.why(`pipeline/${name}`)).why)),
    ).toEqual(['asked', 'frozen', 'no-room', 'done'])
    far.calls.length = 0
    await town.advance(HOUR)
    const lanesOf = ({ values }: (typeof far.calls)[number]) =>
      (values[0] as { put?: string; id: string }[]).filter(({ put }) => put === 'lane').map(({ id }) => id)
    // What nodes cost is written while there are any: by the meter, and of no lane.
    const commits = far.calls.filter((call) => call.name === 'commit' && !isMeters(call))
    expect(commits.filter((commit) => !lanesOf(commit).includes('pool/gpu-train'))).toEqual([])
    expect(commits.length).toBeLessThanOrEqual(60)
  })

  it('a manifest that waits for hours for its last object: looked at every few minutes, told once', async () => {
    town = await openTown({
      config: { ...example, pipelines: { 'support-chats': piped({ completeWithin: '2d' }) } },
      wrap: far.wrap,
    })
    await upload(town, 'a', { rows: ['"1"', '"2"'], leaveOut: [1] })
    expect(await commitsIn(2 * HOUR)).toBeLessThan(36)
    expect((await timeline(town)).filter(({ kind }) => kind === 'decision')).toHaveLength(1)
  })
})
