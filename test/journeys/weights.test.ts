import { afterEach, describe, expect, it } from 'vitest'
import type { Config } from '../../core/policy.ts'
import { PIN } from '../../core/steps/register-model.ts'
import { pinOf } from '../../flows/pins.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import example from '../example.ts'
import { HOUR, MODEL, replicasOf, SERVE, served, TRAIN, timeline, upload } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

/** A version is promoted of which the registry says that its weights lie there. */
const refused = async (source: string, tags: Record<string, string> = {}) => {
  const given = { model: MODEL, source: 's3://acme-results/models/7/', runId: null, tags }
  const { version } = await town.house.registry.register(given)
  const { alias } = town.house.registry
  town.house.registry.alias = async (...asked) => {
    const found = await alias(...asked)
    return found?.version === version ? { ...found, artifactUri: source } : found
  }
  await promote(town.house, MODEL, version)
  const { state, outcome } = await town.settled(SERVE, 0.2)
  return { state, reason: outcome?.reason, detail: outcome?.detail }
}
const cards = async () => (await town.house.chat.cards()).map(({ card }) => card.title)

describe('weights from where the policy lets none come, or the engine loads none, are refused before anybody is asked (E, P)', () => {
  it.each([
    [
      's3://attacker/llama/',
      'source-not-allowed',
      'below none of s3://acme-results/results/, s3://acme-results/models/',
    ],
    ['--model=attacker/x', 'source-not-allowed', '"--model=attacker/x", begins with `-`'],
    ['s3://acme-results/models/../x/', 'source-not-allowed', 'leads elsewhere'],
    ['hf://attacker/llama', 'source-not-allowed', 'add `hf://attacker/llama` to sources'],
    ['s3://acme-results/models/a b/', 'source-not-allowed', 'has spaces'],
    ['mlflow-artifacts:/1/abc/artifacts/model', 'source-not-loadable', "only MLflow's own client"],
    ['dbfs:/models/7', 'source-not-loadable', 'file system of Databricks'],
    ['gs://acme-results/models/7', 'source-not-loadable', 'copy the files to S3'],
    ['s3://acme-results/results/pipeline-a-0123abcd-g1a1-train/adapter', 'source-not-loadable', 'merge it'],
  ])('%s: %s', async (source, reason, words) => {
    town = await openTown()
    expect(await refused(source)).toEqual({ state: 'refused', reason, detail: expect.stringContaining(words) })
    await town.advance(HOUR)
    expect(await town.house.cluster.list('Deployment')).toEqual([])
    expect((await cards()).filter((title) => title.startsWith('Approve?'))).toEqual([])
    expect((await town.past(SERVE)).length).toBe(1)
  })

  it('a version whose tag says that it is an adapter', async () => {
    town = await openTown()
    expect(await refused('s3://acme-results/models/7/', { 'signalbox.dev/weights': 'adapter' })).toMatchObject({
      reason: 'source-not-loadable',
    })
  })

  it('what serves goes on meanwhile, and once the policy allows it people are asked about it', async () => {
    town = await openTown()
    await served(town)
    expect(await refused('s3://acme-models/8/')).toMatchObject({ reason: 'source-not-allowed' })
    expect(await replicasOf(town)).toEqual({ 1: 2 })
    town.setPolicy({ ...example, sources: ['s3://acme-models/', ...(example.sources ?? [])] })
    await town.answered(SERVE)
    expect((await town.plan(SERVE))?.plan.title).toContain('v2')
    const card = (await town.house.chat.cards()).find(({ card }) => card.title.includes('v2'))?.card
    expect(card?.lines).toContainEqual(
      expect.stringMatching(/^not pinned: whoever may write to "s3:\/\/acme-models\/8\/" decides what each pod loads/),
    )
  })

  it('what serves already stays, though the policy no longer allows where it came from', async () => {
    town = await openTown()
    await served(town)
    const { sources: _, ...rest } = example
    town.setPolicy(rest as Config)
    await town.advance(HOUR)
    expect(await town.lane(SERVE)).toMatchObject({ state: 'succeeded', generation: 1, attempt: 1 })
  })
})

describe('with `autoApproveBelow`, a rollout that adds nothing to the running cost', () => {
  const cheap = (): Config => ({ ...example, approvals: { ...example.approvals, autoApproveBelow: 1e6 } })
  const asks = async () => (await town.question(SERVE)) !== null

  it('of a version that a stranger registered is asked about all the same, and production stays meanwhile', async () => {
    town = await openTown({ config: cheap() })
    await served(town)
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, tags: { evil: '1' } }))
    await town.until('it asks', asks)
    await town.advance(HOUR)
    expect([await replicasOf(town), await asks()]).toEqual([{ 1: 2 }, true])
    expect((await town.plan(SERVE))?.plan.approval).toMatchObject({
      required: true,
      why: expect.stringMatching(/^not pinned: whoever may write to /),
    })
    await town.answered(SERVE)
    await town.settled(SERVE)
    const ended = (await town.house.chat.cards()).filter(({ card }) => card.title.includes('v2'))
    expect(ended.at(-1)?.card.lines.join()).toContain('not pinned: whoever may write to')
  })

  it('of a version that a pipeline registered passes; with its tags copied to another address it does not', async () => {
    town = await openTown({ config: cheap() })
    await upload(town)
    await town.settled(TRAIN)
    await promote(town.house, MODEL, '1')
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded', desired: { version: '1' } })
    const { registry } = town.house.ports
    const made = await registry.findByTag(MODEL, 'signalbox.dev/dataset', 'support-chats')
    // What failed a gate lies among the results too, and whoever reads there can say what it is.
    const source = 's3://acme-results/results/failed/model'
    await town.house.objects.write('acme-results', 'results/failed/model/weights', Buffer.from('bad'))
    const pin = (await pinOf(town.house.ports.objects, source)) ?? ''
    const tags = { ...made?.tags, [PIN]: pin }
    const { version } = await town.house.registry.register({ model: MODEL, source, runId: null, tags })
    await promote(town.house, MODEL, version)
    await town.until('it asks', asks)
    expect((await town.plan(SERVE))?.plan.approval.why).toContain('not proven to be what a pipeline registered here')
    expect(await replicasOf(town)).toEqual({ 1: 2 })
  })
})

describe('a manifest that names what does not lie below its prefix', () => {
  it('is refused, and the key is named: nobody is asked for it as "1 object, 7 bytes" (E)', async () => {
    town = await openTown()
    await town.house.objects.write('acme-datasets', 'payroll/2026.csv', Buffer.from('secret!'))
    const manifest = { version: 1, objects: [{ key: 'payroll/2026.csv', size: 7 }] }
    await town.house.objects.write(
      'acme-datasets',
      'support-chats/a/manifest.json',
      Buffer.from(JSON.stringify(manifest)),
    )
    await town.house.scanUploads()
    await town.advance(HOUR)
    expect(await town.lane(TRAIN)).toMatchObject({ generation: 0, run: null })
    const told = (await timeline(town)).filter(({ data }) => data?.['reason'] === 'bad-manifest')
    expect(told.map(({ text }) => text)).toEqual([
      expect.stringContaining(
        'objects.0.key: "payroll/2026.csv" is not below support-chats/, which the pipeline reads',
      ),
    ])
    expect(await cards()).toEqual([])
  })
})

it('a training that makes an adapter and says so registers nothing as a model, once, and says what to do', async () => {
  town = await openTown()
  await upload(town)
  await town.until('it asks', async () => (await town.question(TRAIN)) !== null, 1)
  const object = `${(await town.lane(TRAIN)).name}-g1a1-train`
  const { objects, cluster } = town.house
  const write = (bucket: string, key: string, value: unknown) =>
    objects.write(bucket, key, Buffer.from(JSON.stringify(value)))
  await write('acme-datasets', 'support-chats/a/simulation.json', { tasks: { 'fine-tune': { result: null } } })
  await town.answered(TRAIN)
  const pod = async () => (await cluster.list('Pod', {})).find(({ metadata }) => metadata.name.startsWith(object))
  await town.until('its pod is there', async () => (await pod()) !== undefined, 1)
  const folder = `results/${(await pod())?.metadata.name}`
  const artifacts = { adapter: `s3://acme-results/${folder}/adapter` }
  await write('acme-results', `${folder}/adapter/adapter_config.json`, {})
  await write('acme-results', `${folder}/result.json`, { object, metrics: {}, artifacts })
  const { outcome, attempt } = await town.settled(TRAIN)
  expect({ ...outcome, attempt }).toMatchObject({
    kind: 'failed',
    reason: 'not-registered',
    attempt: 1,
    detail: expect.stringContaining(
      "names an `adapter` and no `model`: say `artifact: 'adapter'` of `register`, or merge it into its base model",
    ),
  })
})
