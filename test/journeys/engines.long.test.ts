import type { V1Container, V1PodSpec } from '@kubernetes/client-node'
import { afterEach, describe, expect, it } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import { type Config, parsePolicy } from '../../core/policy.ts'
import { figuresOfStages } from '../../local/figures.ts'
import { promote, registerVersion, type Simulation } from '../../local/scenario.ts'
import example from '../example.ts'
import { HOUR, MODEL, replicasOf, SERVE, SLOW, served, TRAIN, upload } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

type Service = NonNullable<Config['services']>[string]
const runner = { image: `ghcr.io/acme/runner@sha256:${'4'.repeat(64)}` }
const COMMIT = 'a1'.repeat(20)
const BASE = `hf://meta-llama/Llama-3.1-8B-Instruct@${COMMIT}`
const adapterTags = { 'signalbox.dev/weights': 'adapter', 'signalbox.dev/base': BASE }

const config = (service: Partial<Service> = {}, rest: Partial<Config> = { runner }): Config => ({
  ...example,
  ...rest,
  sources: [...(example.sources ?? []), 'hf://meta-llama/'],
  services: { ...example.services, [MODEL]: { ...example.services![MODEL]!, ...service } },
})

/** Registers a version that says this of itself, promotes it, and waits for what becomes of it. */
const promoted = async (tags: Record<string, string> = {}, simulation?: Simulation) => {
  await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, tags, simulation }))
  await town.answered(SERVE)
  return town.settled(SERVE)
}
const refused = async (tags: Record<string, string> = {}) => {
  await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, tags }))
  const { state, outcome } = await town.settled(SERVE, 0.2)
  return [state, outcome?.reason, outcome?.detail]
}
/** The pods that serve now. */
const podOf = async (generation: number): Promise<V1PodSpec> => {
  const all = (await town.house.cluster.list('Deployment')) as KubeObject<'Deployment'>[]
  const one = all.find(({ metadata }) => metadata.labels?.['signalbox.dev/generation'] === String(generation))
  return one?.spec?.template.spec as V1PodSpec
}
const engineOf = async (generation: number): Promise<V1Container> =>
  (await podOf(generation)).containers[0] as V1Container
const lastCard = async () => (await town.house.chat.cards()).at(-1)?.card

describe.each(['sglang', 'trtllm'] as const)('%s', (engine) => {
  it('serves weights that are brought to it, behind its gate, and the world stays true', async () => {
    town = await openTown({ config: config({ engine }) })
    expect(await promoted()).toMatchObject({ state: 'succeeded', generation: 1, baseline: { generation: 1 } })
    expect(await replicasOf(town)).toEqual({ 1: 2 })
    const { name, command, args = [] } = await engineOf(1)
    expect([name, ...(command ?? []), ...args].join(' ')).toContain(`/signalbox/in/${MODEL}`)
    expect((await podOf(1)).initContainers?.map((one) => one.name)).toEqual(['signalbox-run', 'signalbox-fetch'])
    expect((await town.plan(SERVE))?.plan.steps.length).toBeGreaterThan(0)
    await town.advance(HOUR)
    expect(await town.lane(SERVE)).toMatchObject({ state: 'succeeded', generation: 1, attempt: 1 })
  })

  it('people are told who fetches what before they say yes', async () => {
    town = await openTown({ config: config({ engine }) })
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL }))
    await town.until('it asks', async () => (await town.question(SERVE)) !== null)
    const told = JSON.stringify(await lastCard())
    expect(told).toContain('before it signalbox-fetch: ')
    expect(told).toMatch(/signalbox-run fetch \/signalbox\/in\/support-llama s3:\/\/acme-results\/models\//)
    expect(told).not.toContain('variables: USER')
    expect(told.includes('/update_weights_from_disk')).toBe(engine === 'sglang')
  })

  it('is refused weights in S3 where nobody brings them, and once the policy says who, people are asked', async () => {
    town = await openTown({ config: config({ engine }, {}) })
    expect(await refused()).toEqual([
      'refused',
      'source-not-loadable',
      expect.stringContaining('say `runner: { image }` of the whole config'),
    ])
    expect(await replicasOf(town)).toEqual({})
    town.setPolicy(config({ engine }))
    await town.answered(SERVE)
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded' })
  })

  it('never serves an adapter, whoever brings it', async () => {
    town = await openTown({ config: config({ engine }) })
    expect(await refused(adapterTags)).toEqual([
      'refused',
      'source-not-loadable',
      expect.stringContaining('serve it by vLLM, or merge it into its base model'),
    ])
  })

  it('takes the place of vLLM where the policy says so, asked about and judged; a version that fails its gate leaves it where it is', async () => {
    town = await openTown({ config: config() })
    await served(town)
    town.setPolicy(config({ engine }))
    await town.answered(SERVE)
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded', generation: 2 })
    expect(await replicasOf(town)).toEqual({ 2: 2 })
    expect((await engineOf(2)).name).toBe(engine)
    expect(await promoted({}, SLOW)).toMatchObject({ state: 'failed', outcome: { reason: 'gate' } })
    expect(await replicasOf(town)).toEqual({ 2: 2 })
  })
})

describe('an adapter', () => {
  it('takes the place of whole weights, on its base and under the same name, and they its again', async () => {
    town = await openTown({ config: config() })
    const whole = await served(town)
    expect(await promoted(adapterTags)).toMatchObject({
      state: 'succeeded',
      generation: 2,
      baseline: { generation: 2 },
    })
    expect(await replicasOf(town)).toEqual({ 2: 2 })
    expect((await engineOf(2)).args).toEqual(
      expect.arrayContaining([
        'meta-llama/Llama-3.1-8B-Instruct',
        `--revision=${COMMIT}`,
        `--lora-modules=${MODEL}=/signalbox/in/${MODEL}`,
      ]),
    )
    await promote(town.house, MODEL, whole)
    await town.answered(SERVE)
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded', generation: 3, desired: { version: whole } })
    expect(await replicasOf(town)).toEqual({ 3: 2 })
    expect(await podOf(3)).not.toHaveProperty('initContainers')
  })

  it('that fails its gate leaves the whole weights where they were', async () => {
    town = await openTown({ config: config() })
    await served(town)
    expect(await promoted(adapterTags, SLOW)).toMatchObject({ state: 'failed', outcome: { reason: 'gate' } })
    expect(await replicasOf(town)).toEqual({ 1: 2 })
  })

  it('is asked about with what it is served on', async () => {
    town = await openTown({ config: config() })
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, tags: adapterTags }))
    await town.until('it asks', async () => (await town.question(SERVE)) !== null)
    const plan = (await town.plan(SERVE))?.plan
    expect(plan?.weights).toMatch(/^s3:\/\/acme-results\/models\/.*, an adapter, on hf:\/\/meta-llama\//)
    expect(plan?.reasons).toContainEqual(`it is an adapter, and served on ${BASE}`)
    expect(JSON.stringify(await lastCard())).toContain(BASE)
  })

  it('on another base is another: who changes the tag is asked about it, and nothing moves meanwhile', async () => {
    town = await openTown({ config: config() })
    await promoted(adapterTags)
    const { digest } = (await town.lane(SERVE)).desired as unknown as { digest: string }
    const { registry } = town.house
    const alias = registry.alias.bind(registry)
    registry.alias = async (...asked) => {
      const found = await alias(...asked)
      const tags = { ...found?.tags, 'signalbox.dev/base': `hf://meta-llama/Llama-3.2-3B@${COMMIT}` }
      return found === null ? null : { ...found, tags }
    }
    await town.until('it asks', async () => (await town.question(SERVE)) !== null, 1)
    expect(((await town.lane(SERVE)).desired as unknown as { digest: string }).digest).not.toBe(digest)
    expect(await replicasOf(town)).toEqual({ 1: 2 })
    expect((await town.plan(SERVE))?.plan.weights).toContain('Llama-3.2-3B')
  })

  it.each<[string, Record<string, string>, Partial<Service>, Partial<Config>, string, string]>([
    [
      'without a base',
      { 'signalbox.dev/weights': 'adapter' },
      {},
      { runner },
      'source-not-loadable',
      'or say `base` of the service',
    ],
    ['that nobody fetches', adapterTags, {}, {}, 'source-not-loadable', 'say `runner: { image }` of the whole config'],
    [
      'on weights of elsewhere',
      { ...adapterTags, 'signalbox.dev/base': 'hf://attacker/llama' },
      {},
      { runner },
      'source-not-allowed',
      'add `hf://attacker/llama` to sources',
    ],
    [
      'on what is no address',
      { ...adapterTags, 'signalbox.dev/base': '--model=evil' },
      {},
      { runner },
      'source-not-allowed',
      'begins with `-`',
    ],
  ])('%s is refused before anybody is asked, and what to do is said', async (_, tags, service, rest, reason, words) => {
    town = await openTown({ config: config(service, rest) })
    expect(await refused(tags)).toEqual(['refused', reason, expect.stringContaining(words)])
    expect(await town.house.cluster.list('Deployment')).toEqual([])
  })

  it('whose version says no base is served on the policy’s, once that says one', async () => {
    town = await openTown({ config: config() })
    expect((await refused({ 'signalbox.dev/weights': 'adapter' }))[0]).toBe('refused')
    town.setPolicy(config({ base: BASE }))
    await town.answered(SERVE)
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded' })
  })

  it('that a pipeline has trained is registered with its base, and served on that', async () => {
    const pipeline = example.pipelines!['support-chats']!
    const rule = { ...pipeline, register: { model: MODEL, artifact: 'adapter' as const } }
    const stages = pipeline.stages.map((one) => (one.name === 'train' ? { ...one, model: BASE } : one))
    const pipelines = { ...example.pipelines, 'support-chats': { ...rule, stages } }
    town = await openTown({ config: config({}, { runner, pipelines }) })
    // What is said to a person who plays it: nothing else makes the adapter here.
    const simulation = figuresOfStages(parsePolicy(config({}, { runner, pipelines })).pipelines['support-chats']!)
    await upload(town, 'a', { simulation: { ...simulation } })
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null, 1)
    expect((await town.plan(TRAIN))?.plan.steps.map(({ title }) => title)).toContain(
      `Register the adapter that train made as a new version of ${MODEL}`,
    )
    await town.answered(TRAIN)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded' })
    const found = await town.house.ports.registry.findByTag(MODEL, 'signalbox.dev/weights', 'adapter')
    expect(found).toMatchObject({ source: expect.stringMatching(/\/adapter$/), tags: { 'signalbox.dev/base': BASE } })
    await promote(town.house, MODEL, found?.version ?? '')
    await town.until('it asks', async () => (await town.question(SERVE)) !== null)
    // Its pin, its proof and its commit say what it is: it is asked about for what it costs alone.
    expect((await town.plan(SERVE))?.plan.approval.why).not.toContain('not pinned')
    await town.answered(SERVE)
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded', desired: { ours: true, base: BASE } })
  })
})
