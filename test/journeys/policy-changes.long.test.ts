import { afterEach, describe, expect, it } from 'vitest'
import { nodePoolObject } from '../../core/bootstrap/node-pools.ts'
import { type KubeObject, NODE_POOL, refOf } from '../../core/kube.ts'
import { parsePolicy } from '../../core/policy.ts'
import { SERVING_TASK, scaleObject, TASK_LABEL } from '../../core/workloads/serving.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import example from '../example.ts'
import { between, type How } from './away.ts'
import { clockOf, HOUR, MINUTE, MODEL, replicasOf, SERVE, say, served, stepIs, TRAIN, upload } from './scenes.ts'
import { ANA, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const config = () => structuredClone(example)

describe('a service whose pool leaves the policy', () => {
  it('moves to the one that it has now: nobody waits for room in a pool that is not there', async () => {
    town = await openTown()
    await served(town)
    const { 'gpu-serve': pool, ...pools } = config().pools
    const moved = { ...config(), pools: { ...pools, 'gpu-serve-2': pool! } }
    for (const service of Object.values(moved.services ?? {})) service.pool = 'gpu-serve-2'
    // As bootstrap writes it.
    await town.house.cluster.apply(
      nodePoolObject({ name: 'gpu-serve-2', ...parsePolicy(moved).pools['gpu-serve-2']! }),
      'signalbox-workload',
    )
    town.setPolicy(moved)
    await town.answered(SERVE)
    expect(await town.settled(SERVE, 3)).toMatchObject({ state: 'succeeded', generation: 2, attempt: 1 })
    expect(await replicasOf(town)).toEqual({ 2: 2 })
    const pods = (await town.house.cluster.list('Pod', {
      labels: { [TASK_LABEL]: SERVING_TASK },
    })) as KubeObject<'Pod'>[]
    expect(pods.map(({ spec }) => spec?.nodeSelector?.[NODE_POOL])).toEqual(['gpu-serve-2', 'gpu-serve-2'])
  })
})

describe('another image for a version that serves (D)', () => {
  const IMAGE = `vllm/vllm-openai@sha256:${'ef'.repeat(32)}`
  const withImage = (more: object = {}) => {
    const next = config()
    Object.assign(next.services![MODEL]!, { image: IMAGE, ...more })
    return next
  }
  const imagesOf = async () =>
    ((await town.house.cluster.list('Pod', { labels: { [TASK_LABEL]: SERVING_TASK } })) as KubeObject<'Pod'>[]).map(
      ({ spec }) => spec?.containers[0]?.image,
    )

  it('is a generation of its own: brought up beside what serves, judged, and only then is that taken away', async () => {
    town = await openTown()
    await served(town)
    const before = await imagesOf()
    town.setPolicy(withImage())
    await town.until('it asks', async () => (await town.question(SERVE)) !== null)
    expect((await town.plan(SERVE))?.plan).toMatchObject({
      generation: 2,
      title: `Serve ${MODEL} v1 with 2 replicas instead of v1 (generation 1)`,
      undo: expect.stringContaining('Walk back to v1 (generation 1)'),
    })
    await town.answered(SERVE)
    await town.until('it is judged', stepIs(town, SERVE, 'gate', 'running'))
    expect(await imagesOf()).toEqual(expect.arrayContaining([...before, IMAGE]))
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded', generation: 2, attempt: 1 })
    expect(await imagesOf()).toEqual([IMAGE, IMAGE])
  })

  it('that its gate fails leaves what served before as it was', async () => {
    town = await openTown()
    await served(town)
    const [before, pods] = [await imagesOf(), await uidsOf()]
    const gate = { ...config().services![MODEL]!.gate, checks: [{ metric: 'health', op: '>=' as const, value: 2 }] }
    town.setPolicy(withImage({ gate }))
    await town.answered(SERVE)
    expect(await town.settled(SERVE)).toMatchObject({ state: 'failed', generation: 2, outcome: { reason: 'gate' } })
    expect([await imagesOf(), await uidsOf()]).toEqual([before, pods])
  })

  it('that fails its gate leads back to the very Deployment that was judged, also where a later generation took that up', async () => {
    town = await openTown()
    await served(town)
    const pods = await uidsOf()
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, tags: { second: 'yes' } }))
    await town.answered(SERVE, 'deny')
    expect(await town.settled(SERVE)).toMatchObject({ state: 'rejected', generation: 2 })
    await promote(town.house, MODEL, '1')
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded', generation: 3, baseline: { stands: 1 } })
    const gate = { ...config().services![MODEL]!.gate, checks: [{ metric: 'health', op: '>=' as const, value: 2 }] }
    town.setPolicy(withImage({ gate }))
    await town.answered(SERVE)
    expect(await town.settled(SERVE)).toMatchObject({ state: 'failed', outcome: { reason: 'gate' } })
    expect(await replicasOf(town)).toEqual({ 1: 2 })
    expect(await uidsOf()).toEqual(pods)
    // And another one after that: no template that failed is edited, and none is taken for what was judged.
    town.setPolicy(config())
    expect(await say(town, 'retry', { lane: SERVE })).toMatchObject({ ok: true })
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded', baseline: { stands: 1 } })
    expect(await uidsOf()).toEqual(pods)
    expect(await town.question(SERVE)).toBeNull()
  })

  it('denied is denied alone: another one is asked about as a generation of its own, and what serves needs nobody', async () => {
    town = await openTown()
    await served(town)
    const asksAbout = async (change: ReturnType<typeof config>, verdict: 'approve' | 'deny'): Promise<unknown> => {
      town.setPolicy(change)
      await town.until('it asks', async () => (await town.question(SERVE)) !== null)
      const { generation, attempt } = (await town.plan(SERVE))!.plan
      await town.answered(SERVE, verdict)
      return { ...(await town.settled(SERVE)), asked: [generation, attempt] }
    }
    expect(await asksAbout(withImage(), 'deny')).toMatchObject({ state: 'rejected', asked: [2, 1] })
    await town.advance(HOUR)
    expect([await town.question(SERVE), (await town.lane(SERVE)).generation]).toEqual([null, 2])
    expect(await asksAbout(withImage({ args: ['--seed=7'] }), 'deny')).toMatchObject({
      state: 'rejected',
      asked: [3, 1],
    })
    town.setPolicy(config())
    await town.advance(HOUR)
    expect(await town.lane(SERVE)).toMatchObject({ state: 'succeeded', generation: 4, baseline: { stands: 1 } })
    expect(await asksAbout(withImage(), 'approve')).toMatchObject({ state: 'succeeded', asked: [5, 1] })
    expect(await imagesOf()).toEqual([IMAGE, IMAGE])
  })

  it('while a repair of the same is asked about: that is planned anew, and nothing is edited', async () => {
    town = await openTown()
    await served(town)
    const [deployment] = (await town.house.cluster.list('Deployment')) as KubeObject<'Deployment'>[]
    await town.house.cluster.apply(scaleObject(refOf(deployment!), 1), 'signalbox-scale')
    await town.until('it asks', async () => (await town.question(SERVE)) !== null)
    const first = (await town.question(SERVE))?.id
    const before = await imagesOf()
    town.setPolicy(withImage())
    await town.answered(SERVE)
    await town.until('it asks again', async () => ![undefined, first].includes((await town.question(SERVE))?.id))
    expect(await imagesOf()).toEqual(before)
    await town.answered(SERVE)
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded', generation: 2 })
    expect(await imagesOf()).toEqual([IMAGE, IMAGE])
  })

  const uidsOf = async () =>
    (await town.house.cluster.list('Pod', { labels: { [TASK_LABEL]: SERVING_TASK } })).map(
      ({ metadata }) => metadata.uid,
    )
})

describe('an approvers’ group that Slack does not tell of', () => {
  const cases: [How, string][] = [
    ['refused', 'somebody deleted it'],
    ['away', 'it does not answer'],
  ]
  it.each(cases)('%s (%s): what a person approves who is named begins', async (how) => {
    const far = between()
    const wide = config()
    wide.approvals.approvers.push({ id: 'T0SIGNAL/S0GONE', name: 'a group' })
    town = await openTown({ config: wide, wrap: far.wrap })
    await upload(town)
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
    far.fails('chat', how, { name: 'members', said: 'no_such_subteam' })
    await town.answered(TRAIN)
    expect((await town.settled(TRAIN, 3)).state).toBe('succeeded')
  })

  it('for good: the card is posted all the same', async () => {
    const far = between()
    const wide = config()
    wide.approvals.approvers.push({ id: 'T0SIGNAL/S0GONE', name: 'a group' })
    town = await openTown({ config: wide, wrap: far.wrap })
    far.fails('chat', 'refused', { name: 'members', said: 'no_such_subteam' })
    await upload(town)
    await town.advance(MINUTE)
    expect((await town.house.cards()).map(({ card }) => card.question !== null)).toEqual([true])
  })
})

describe('a rule that is taken away, or switched to shadow, before anything began', () => {
  const without = { ...config(), pipelines: {} }
  const inShadow = config()
  inShadow.pipelines!['support-chats']!.mode = 'shadow'
  it.each([
    ['taken away', without],
    ['in shadow', inShadow],
  ])('%s: its question closes within minutes, and it is asked about again once the rule acts', async (_, policy) => {
    town = await openTown()
    await upload(town)
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
    town.setPolicy(policy)
    await town.advance(6 * MINUTE)
    expect(await town.lane(TRAIN)).toMatchObject({ state: 'cancelled', run: null })
    town.setPolicy(config())
    await town.advance(6 * MINUTE)
    expect(await town.lane(TRAIN)).toMatchObject({ generation: 1, attempt: 2, run: { phase: 'asked' } })
  })

  it('cancelled by a person it stays so, whatever becomes of the rule', async () => {
    town = await openTown()
    await upload(town)
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
    await say(town, 'cancel')
    town.setPolicy(inShadow)
    await town.advance(HOUR)
    town.setPolicy(config())
    await town.advance(HOUR)
    expect(await town.lane(TRAIN)).toMatchObject({ state: 'cancelled', attempt: 1 })
  })
})

it('fewer replicas than were approved are asked about, as more are', async () => {
  town = await openTown()
  await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL }))
  await town.until('it asks', async () => (await town.question(SERVE)) !== null)
  const first = await town.question(SERVE)
  await town.house.command({ kind: 'freeze', lane: SERVE, until: clockOf(town).now() + HOUR, by: ANA })
  await town.answered(SERVE)
  const fewer = config()
  fewer.services![MODEL]!.replicas = 1
  town.setPolicy(fewer)
  await town.house.command({ kind: 'thaw', lane: SERVE, by: ANA })
  await town.advance(MINUTE)
  expect((await town.lane(SERVE)).run?.phase).toBe('asked')
  expect((await town.question(SERVE))?.digest).not.toBe(first?.digest)
})

describe('what the policy calls that by which everything of ours is found', () => {
  const renamed = {
    installation: { ...example, installation: 'other-name' },
    'namespaces.serving': { ...example, namespaces: { training: 'training', serving: 'serving-2' } },
  }

  it.each(Object.entries(renamed))(
    '%s is renamed in the midst of a rollout: that goes on as before, and why and plan say what to do',
    async (key, policy) => {
      town = await openTown()
      await served(town)
      await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, tags: { n: '2' } }))
      await town.answered(SERVE)
      await town.advance(3 * MINUTE)
      town.setPolicy(policy)
      await town.settled(SERVE)
      await town.advance(HOUR)
      expect(Object.values(await replicasOf(town))).toEqual([2])
      expect((await town.held('pool/gpu-serve')).sum).toBe(8)
      const said = expect.stringContaining(`${key} was renamed from`)
      expect(await town.house.why(SERVE)).toMatchObject({ why: 'done', also: [said] })
      expect((await town.house.planOnPaper({})).became).toMatchObject({ kind: 'refused', detail: said })
      town.setPolicy(example)
      expect((await town.house.why(SERVE)).also).toEqual([])
    },
  )
})
