import { afterEach, describe, expect, it } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import { label } from '../../core/names.ts'
import type { RegisterModelStep } from '../../core/plan.ts'
import { resultId } from '../../core/rows.ts'
import { PIN, registration } from '../../core/steps/register-model.ts'
import type { Ports } from '../../flows/ports.ts'
import { readRow } from '../../flows/rows.ts'
import { promote, uploadDataset } from '../../local/scenario.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { jobsOf, MODEL, replicasOf, SERVE, say, stepIs, TRAIN, trainedUntil, upload, versionsOf } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const JOB_NAME = 'batch.kubernetes.io/job-name'
const BUCKET = 'acme-results'
const jobName = async (step: string, lane = TRAIN, attempt = 1): Promise<string> =>
  `${(await town.lane(lane)).name}-g1a${attempt}-${step}`
const write = (key: string, text: string): Promise<void> => town.house.objects.write(BUCKET, key, Buffer.from(text))
/** A verdict that would pass every gate, as the evaluation itself would write it. */
const forgedFor = (job: string): string => JSON.stringify({ object: job, metrics: { score: 1 }, artifacts: {} })
const versionNow = async () => town.house.ports.registry.findByTag('support-llama', label('dataset'), 'support-chats')

/** Two lanes of the same namespace. */
const twoLanes = () => ({
  ...example,
  pipelines: { ...example.pipelines, rogue: piped({ prefix: 'rogue/', as: 'rogue-llama' }) },
})
const ROGUE = 'pipeline/rogue'

/** Nodes, and the pods with them, go as soon as these have ended. */
const podless = (ports: Ports): Ports => ({
  ...ports,
  cluster: {
    ...ports.cluster,
    create: (object) => ports.cluster.create(object),
    list: async (kind, where) =>
      kind === 'Pod' && where?.labels?.[JOB_NAME] !== undefined ? [] : ports.cluster.list(kind, where),
  },
})

describe('a result is a claim of one Job (law 16)', () => {
  it('is read from the folder of the pod that made it, and says what was registered of it', async () => {
    town = await openTown()
    await upload(town)
    await town.answered(TRAIN)
    expect((await town.settled(TRAIN)).state).toBe('succeeded')
    const pods = (await town.house.cluster.list('Pod', {
      labels: { [JOB_NAME]: await jobName('train') },
    })) as KubeObject[]
    const source = `s3://${BUCKET}/results/${pods[0]?.metadata.name}/model`
    expect(await versionNow()).toMatchObject({
      source,
      tags: { [PIN]: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) },
    })
  })

  it('the evaluation is told which pod’s artifact it was, and what that was', async () => {
    town = await openTown()
    await trainedUntil(town, 'evaluate', 'running')
    const [job] = (await jobsOf(town)).filter(({ metadata }) => metadata.name.endsWith('-evaluate'))
    await town.settled(TRAIN)
    const found = await versionNow()
    expect(job?.spec?.template.metadata?.annotations).toMatchObject({
      [label('input-model-train')]: found?.source,
      [label('input-pin-train')]: found?.tags[PIN],
    })
  })

  it('another lane’s Job claims to be this one, from all that its account may write: nobody reads it', async () => {
    town = await openTown({ config: twoLanes() })
    await trainedUntil(town, 'evaluate', 'running', {
      simulation: { tasks: { evaluate: { metrics: { score: 0.1 } } } },
    })
    const victim = await jobName('evaluate')
    // The rogue's container writes where it may: below its own pod's name. It says that it is the other.
    await uploadDataset(town.house, {
      bucket: 'acme-datasets',
      folder: 'rogue/a/',
      rows: ['{}'],
      simulation: { minutes: 1, result: JSON.parse(forgedFor(victim)) },
    })
    await town.house.scanUploads()
    await town.answered(ROGUE)
    expect((await town.settled(ROGUE)).outcome).toMatchObject({
      reason: 'result-malformed',
      detail: expect.stringContaining(`must be "${await jobName('train', ROGUE)}"`),
    })
    expect((await town.settled(TRAIN)).outcome).toMatchObject({
      reason: 'gate',
      detail: expect.stringContaining('0.1'),
    })
    expect(await versionsOf(town)).toEqual([])
  })

  it.each<[string, (job: string) => string]>([
    ['where its Job wrote in an earlier release', (job) => `${job}/`],
    ['below a pod’s name that its Job has not made', (job) => `${job}-aaaaa/`],
    ['below a longer name', (job) => `${job}-aaaaaa/`],
    ['below the Job’s name, as a folder in a folder', (job) => `${job}-/aaaaa/`],
  ])('a forged one %s is not read, and the honest one is', async (_, folder) => {
    town = await openTown()
    await trainedUntil(town, 'evaluate', 'running', {
      simulation: { tasks: { evaluate: { metrics: { score: 0.1 } } } },
    })
    const job = await jobName('evaluate')
    await write(`results/${folder(job)}result.json`, forgedFor(job))
    expect((await town.settled(TRAIN)).outcome).toMatchObject({
      reason: 'gate',
      detail: expect.stringContaining('0.1'),
    })
  })

  it('pods that are gone with their nodes have left their folders: what was paid for is found there', async () => {
    town = await openTown({ wrap: podless })
    await upload(town)
    await town.answered(TRAIN)
    expect((await town.settled(TRAIN)).state).toBe('succeeded')
    expect(await versionsOf(town)).toEqual([expect.stringContaining(`/${await jobName('train')}-`)])
  })
})

describe('an artifact is pinned when its result is read', () => {
  const adapter = async (): Promise<string> => {
    const found = await town.house.objects.list(BUCKET, `results/${await jobName('train')}-`)
    return found.find(({ key }) => key.includes('/model/'))?.key ?? ''
  }

  it('what was written over while it was evaluated is not registered; trained again, it is', async () => {
    town = await openTown()
    await trainedUntil(town, 'evaluate', 'running')
    await write(await adapter(), 'something else')
    const { outcome } = await town.settled(TRAIN)
    expect(outcome).toMatchObject({ kind: 'failed', reason: 'artifact-changed' })
    expect(outcome?.detail).toMatch(/was changed after the result of train was read.*`retry --from train`/)
    expect(await versionsOf(town)).toEqual([])
    expect(await say(town, 'retry', { from: 'train' })).toMatchObject({ ok: true })
    await town.answered(TRAIN)
    expect((await town.settled(TRAIN)).state).toBe('succeeded')
    expect(await versionsOf(town)).toEqual([expect.stringContaining('g1a2-train-')])
  })

  it('one more file in its folder is another artifact too', async () => {
    town = await openTown()
    await trainedUntil(town, 'evaluate', 'running')
    await write(`${await adapter()}-more`, 'loaded by name')
    expect((await town.settled(TRAIN)).outcome).toMatchObject({ reason: 'artifact-changed' })
  })

  it('one that its result names and that is not there is not registered', async () => {
    const wrap = (ports: Ports): Ports => ({
      ...ports,
      objects: {
        ...ports.objects,
        list: async (bucket, prefix, after) =>
          prefix.endsWith('/model') ? [] : ports.objects.list(bucket, prefix, after),
      },
    })
    town = await openTown({ wrap })
    await trainedUntil(town, 'evaluate', 'running')
    expect((await town.settled(TRAIN)).outcome).toMatchObject({
      reason: 'artifact-changed',
      detail: expect.stringContaining('is not there'),
    })
    expect(await versionsOf(town)).toEqual([])
  })
})

describe('a version that was pinned is promoted', () => {
  const promoted = async (between: () => Promise<void>): Promise<void> => {
    town = await openTown()
    await upload(town)
    await town.answered(TRAIN)
    await town.settled(TRAIN)
    await between()
    await promote(town.house, MODEL, (await versionNow())?.version ?? '')
  }

  it('and served while its weights are what was registered', async () => {
    await promoted(async () => undefined)
    await town.answered(SERVE)
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded', desired: { version: '1' } })
  })

  it('and not served once they are something else: it is said why', async () => {
    await promoted(async () => {
      const [file] = await town.house.objects.list(BUCKET, `results/${await jobName('train')}-`)
      await write(file?.key ?? '', 'something else')
    })
    await town.advance(600_000)
    const { generation, rest } = await town.lane(SERVE)
    expect(generation).toBe(0)
    const said = await town.house.ports.ledger.moments(SERVE, { limit: 20 })
    expect(`${rest?.text} ${said.map(({ text }) => text).join()}`).toContain(
      'the weights of v1, which support-llama@champion is, are not what was registered: it cannot be served',
    )
  })

  const written = async (): Promise<void> => {
    const [file] = await town.house.objects.list(BUCKET, `results/${await jobName('train')}-`)
    await write(file?.key ?? '', 'something else')
    await town.advance(600_000)
  }
  const NONE = { state: 'succeeded', generation: 2, desired: { kind: 'none' } }

  it('and written over while people are asked about it: they are asked no more, and an answer counts nothing', async () => {
    await promoted(async () => undefined)
    await town.until('it asks', async () => (await town.question(SERVE)) !== null)
    await written()
    expect(await town.question(SERVE)).toBeNull()
    expect(await town.lane(SERVE)).toMatchObject(NONE)
    expect(await town.house.cluster.list('Deployment')).toEqual([])
  })

  it('and written over while it is rolled out: no more of it is brought up, and people are asked to take away what was', async () => {
    await promoted(async () => undefined)
    await town.answered(SERVE)
    await town.until('the first stands', async () => (await town.house.cluster.list('Deployment')).length === 1)
    await written()
    expect(await replicasOf(town)).toEqual({ 1: 1 })
    await town.answered(SERVE)
    await town.settled(SERVE)
    expect(await town.lane(SERVE)).toMatchObject(NONE)
    expect(await replicasOf(town)).toEqual({})
  })

  it('and written over while it serves: it goes on, and it is said', async () => {
    await promoted(async () => undefined)
    await town.answered(SERVE)
    await town.settled(SERVE)
    await written()
    expect(await town.lane(SERVE)).toMatchObject({ ...NONE, baseline: { generation: 1 } })
    expect(await replicasOf(town)).toEqual({ 1: 2 })
    const said = await town.house.ports.ledger.moments(SERVE, { limit: 5 })
    expect(said.map(({ text }) => text).join()).toContain('are not what was registered: it cannot be served')
  })
})

describe('a version that is there under our tag', () => {
  /** Plants a version as the registration would make it, but for a change, while the evaluation still runs. */
  const planted = async (change: { source?: string; tags?: Record<string, string>; runId?: string }) => {
    town = await openTown()
    await trainedUntil(town, 'evaluate', 'running')
    const { ledger, registry } = town.house.ports
    const row = (await readRow(ledger, 'result', resultId(TRAIN, '000001.0001.train')))?.value ?? null
    const step = (await town.plan(TRAIN))?.plan.steps.find(({ kind }) => kind === 'register-model') as RegisterModelStep
    const wanted = registration(step, { name: (await town.lane(TRAIN)).name, result: row, secret: '' })!
    const { source = wanted.source, tags = {}, runId = null } = change
    await registry.register({ ...wanted, source, runId, tags: { ...wanted.tags, ...tags } })
    return town.settled(TRAIN)
  }

  it('and equals what would be registered, is that: whoever registered before has died before it was written down', async () => {
    expect((await planted({ tags: { note: 'of somebody else' } })).state).toBe('succeeded')
    expect(await versionsOf(town)).toHaveLength(1)
  })

  it.each([
    ['another source', { source: 's3://acme-results/planted' }, 'another source, s3://acme-results/planted'],
    ['another artifact', { tags: { [PIN]: 'version:1' } }, 'the tag signalbox.dev/pin: version:1 in place of sha256:'],
    ['another dataset version', { tags: { [label('dataset-version')]: 'x' } }, 'dataset-version: x in place of '],
    ['a run', { runId: 'r1' }, 'a run, r1'],
  ])('with %s, is not: nothing is registered, and it is said which and why', async (_, change, said) => {
    const { outcome } = await planted(change)
    expect(outcome).toMatchObject({ kind: 'failed', reason: 'name-taken', detail: expect.stringContaining(said) })
    expect(await versionsOf(town)).toHaveLength(1)
  })
})

describe('where containers write into no bucket', () => {
  const message = { message: true }

  it('the termination message of the Job’s own pod is the result; what nobody sees here is registered without a pin', async () => {
    town = await openTown()
    await trainedUntil(town, 'evaluate', 'running', { simulation: message })
    expect((await town.settled(TRAIN)).state).toBe('succeeded')
    expect(await town.house.objects.list(BUCKET, 'results/')).toEqual([])
    const found = await versionNow()
    expect(found?.source).toMatch(new RegExp(`^s3://${BUCKET}/results/${await jobName('train')}-[a-z0-9]{5}/model$`))
    expect(found?.tags).not.toHaveProperty(PIN)
  })

  it('is under the same rules: another Job’s name, or an artifact elsewhere, is no result', async () => {
    town = await openTown()
    await trainedUntil(town, 'train', 'running', { simulation: { ...message, result: { object: 'another' } } })
    expect((await town.settled(TRAIN)).outcome).toMatchObject({
      reason: 'result-malformed',
      detail: expect.stringContaining('its termination message'),
    })
  })

  it('a word that is no result is none, and a file is read before a message', async () => {
    town = await openTown()
    await trainedUntil(town, 'train', 'running', { simulation: { ...message, result: 'all went well' } })
    expect((await town.settled(TRAIN)).outcome).toMatchObject({ reason: 'result-missing' })
  })

  it('what was trained so is kept when the evaluation fails in passing', async () => {
    town = await openTown()
    const lost = { tasks: { 'fine-tune': message, evaluate: { imagePull: 'fail' as const } } }
    await trainedUntil(town, 'evaluate', 'running', { simulation: lost })
    await town.until('it failed', async () => (await town.past(TRAIN)).length === 1)
    await town.house.objects.write('acme-datasets', 'support-chats/a/simulation.json', Buffer.from('{}'))
    await town.until('the second has ended', async () => (await town.past(TRAIN)).length === 2)
    expect((await town.lane(TRAIN)).state).toBe('succeeded')
    const names = (await jobsOf(town)).map(({ metadata }) => metadata.name.split('-g1')[1])
    expect(names.sort()).toEqual(['a1-train', 'a2-evaluate'])
  })
})

describe('a Job that somebody made beforehand, with our name and all that can be copied', () => {
  it('is not taken for ours: nothing of it is read, and it is said what to do', async () => {
    town = await openTown()
    await upload(town)
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
    const plan = (await town.plan(TRAIN))?.plan
    const step = plan?.steps[0]
    if (step?.kind !== 'launch-job') throw new Error('no Job is planned')
    const planted = structuredClone(step.job)
    const [container] = planted.spec?.template.spec?.containers ?? []
    Object.assign(container as object, { image: `evil@sha256:${'e'.repeat(64)}`, command: ['sh', '-c', 'evil'] })
    expect(await town.house.cluster.create(planted)).toMatchObject({ kind: 'created' })
    await town.answered(TRAIN)
    const { outcome } = await town.settled(TRAIN)
    expect(outcome).toMatchObject({
      kind: 'failed',
      reason: 'name-taken',
      detail: expect.stringContaining('it is not one that was made here'),
    })
    expect(await versionsOf(town)).toEqual([])
  })
})

it('a tag cannot make us ask a bucket of somebody else: its version is refused on paper', async () => {
  const asked: string[] = []
  const wrap = (ports: Ports): Ports => ({
    ...ports,
    objects: {
      ...ports.objects,
      list: async (bucket, ...where) => {
        asked.push(bucket)
        return ports.objects.list(bucket, ...where)
      },
    },
  })
  town = await openTown({ wrap })
  const planted = { model: MODEL, source: 's3://attacker/x', runId: null, tags: { [PIN]: 'x' } }
  await promote(town.house, MODEL, (await town.house.registry.register(planted)).version)
  await town.until('it is refused', async () => (await town.lane(SERVE)).state === 'refused', 2)
  expect((await town.lane(SERVE)).outcome).toMatchObject({ reason: 'source-not-allowed' })
  expect(asked).not.toContain('attacker')
})

it('what was approved for one workspace of the registry is registered there, whatever the policy names meanwhile', async () => {
  const inside = (workspace: string) => ({ ...example, registry: { workspace } })
  const asked: unknown[] = []
  const wrap = (ports: Ports): Ports => ({
    ...ports,
    registry: {
      ...ports.registry,
      findByTag: (...said) => {
        asked.push(said[3])
        return ports.registry.findByTag(...said)
      },
      register: (input) => {
        asked.push(input.workspace)
        return ports.registry.register(input)
      },
    },
  })
  town = await openTown({ config: inside('team-a'), wrap })
  await upload(town)
  await town.answered(TRAIN)
  await town.until('it trains', stepIs(town, TRAIN, 'train', 'running'))
  town.setPolicy(inside('team-b'))
  expect((await town.settled(TRAIN)).state).toBe('succeeded')
  expect(asked).toEqual(['team-a', 'team-a'])
})
