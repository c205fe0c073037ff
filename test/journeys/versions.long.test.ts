import { afterEach, describe, expect, it } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import type { Ports } from '../../flows/ports.ts'
import { registerVersion } from '../../local/scenario.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { between } from './away.ts'
import { HOUR, jobsOf, looseEnds, MINUTE, MODEL, TRAIN, trainedUntil, upload } from './scenes.ts'
import { ANA, BEN, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const SCAN = 'pipeline/scan'
const { on: _, register: __, ...rest } = piped()
const scan = { ...rest, on: { version: { model: MODEL } } }
const configOf = (pipelines: object) => ({ ...example, pipelines: { ...example.pipelines, ...pipelines } })
const made = (tags = {}) => registerVersion(town.house, { model: MODEL, tags })
const runs = async (lane = SCAN) => (await town.past(lane)).map(({ plan }) => plan?.title)
const envOf = (job: KubeObject<'Job'> | undefined) =>
  Object.fromEntries((job?.spec?.template.spec?.containers[0]?.env ?? []).map(({ name, value }) => [name, value]))
const remove = (version: string) =>
  town.house.registry.rest('DELETE', 'model-versions/delete', { name: MODEL, version })

describe('a pipeline that new versions begin', () => {
  const gate = between()
  /** Whether webhooks are lost. */
  let isLost = false
  const opened = async (pipelines: object = { scan }) => {
    isLost = false
    const wrap = (ports: Ports): Ports => {
      const { bus } = ports
      // What a webhook tells comes twice.
      const publish: Ports['bus']['publish'] = async (events) => {
        for (const _ of isLost ? [] : [1, 2]) await bus.publish(events)
      }
      return gate.wrap({ ...ports, bus: { publish } })
    }
    town = await openTown({ config: configOf(pipelines), wrap })
  }

  it('asks about each once, however often it is told, says which it is and who made it, and tells its stages', async () => {
    await opened()
    await made()
    await town.until('it asks', async () => (await town.question(SCAN)) !== null)
    const { plan } = (await town.plan(SCAN)) ?? {}
    expect(plan?.title).toMatch(/^Fine-tune \S+ on support-llama v1, as it is new$/)
    const reasons = plan?.reasons.join('\n')
    expect(reasons).toContain('support-llama v1 was registered 2026-11-23 12:00 UTC')
    expect(reasons).toMatch(
      /support-llama v1: the registry does not say who made it; it lies at s3:\/\/acme-results\/m/,
    )
    await town.answered(SCAN)
    await town.until('it runs', async () => (await jobsOf(town)).length > 0)
    expect(envOf((await jobsOf(town))[0])).toMatchObject({
      INPUT_MODEL: MODEL,
      INPUT_MODEL_VERSION: '1',
      INPUT_MODEL_URI: expect.stringMatching(/^s3:\/\/acme-results\/models\/support-llama\//),
    })
    expect(await town.settled(SCAN)).toMatchObject({ state: 'succeeded', generation: 1 })
    // At rest, looking leaves no letter.
    await town.advance(10 * MINUTE)
    const letters = async () => (await town.house.ports.ledger.counts())['letter:version-changed']
    const before = await letters()
    await town.advance(HOUR)
    expect(await letters()).toBe(before)
    expect(await town.lane(SCAN)).toMatchObject({ generation: 1, run: null })
    expect(await looseEnds(town)).toEqual([])
  })

  it('takes the place of what its time has begun and was asked about, which comes again where that is denied or gone', async () => {
    const on = { ...scan.on, schedule: { cron: '0 18 * * 1', zone: 'UTC' } }
    for (const end of ['denied', 'gone']) {
      await opened({ scan: { ...scan, on } })
      await made()
      await town.answered(SCAN)
      await town.settled(SCAN)
      await town.advance(Date.UTC(2026, 10, 23, 18, 6) - town.house.ports.clock.now())
      expect((await town.lane(SCAN)).desired).toMatchObject({ occasion: { kind: 'schedule' } })
      await made()
      await town.until('it takes the place', async () => (await town.lane(SCAN)).generation === 3)
      if (end === 'gone') await remove('2')
      else await town.answered(SCAN, 'deny')
      await town.until('it comes again', async () => (await town.lane(SCAN)).generation === 4, 0.5)
      expect((await town.lane(SCAN)).desired).toMatchObject({
        occasion: { kind: 'schedule', slot: Date.UTC(2026, 10, 23, 18) },
        weights: { version: end === 'gone' ? '1' : '2' },
      })
      if (end === 'denied') await town.close()
    }
  })

  it.each(['before it is looked at', 'as it is about to begin'])(
    'its time comes again on the one before where what it was refused on is deleted %s',
    async (when) => {
      const on = { ...scan.on, schedule: { cron: '0 13 * * 2', zone: 'UTC' } }
      const of = (dollars: number) => ({
        ...configOf({ scan: { ...scan, on } }),
        budget: { ...example.budget, dollars },
        approvals: { ...example.approvals, autoApproveBelow: 1e9 },
      })
      await opened({ scan: { ...scan, on } })
      await made()
      await town.answered(SCAN)
      expect(await town.settled(SCAN)).toMatchObject({ state: 'succeeded' })
      town.setPolicy(of(50))
      await town.advance(Date.UTC(2026, 10, 24, 13, 10) - town.house.clock.now())
      const second = await made()
      await town.advance(12 * MINUTE)
      expect(await town.lane(SCAN)).toMatchObject({ state: 'refused', desired: { weights: { version: second } } })
      await remove(second)
      if (when === 'before it is looked at') await town.advance(12 * MINUTE)
      town.setPolicy(of(5000))
      await town.answered(SCAN)
      expect(await town.settled(SCAN)).toMatchObject({
        state: 'succeeded',
        desired: { weights: { version: '1' }, occasion: { kind: 'schedule' } },
      })
      const bought = (await town.past(SCAN)).filter(({ outcome }) => outcome.kind === 'succeeded')
      expect(bought).toHaveLength(2)
      expect(await looseEnds(town)).toEqual([])
    },
  )

  it('is found where its webhook is lost, also while MLflow is away; of several the last one counts', async () => {
    await opened()
    isLost = true
    await town.advance(MINUTE)
    gate.fails('registry', 'away')
    await gate.past(() => made())
    await gate.past(() => made())
    await town.advance(HOUR)
    expect((await town.lane(SCAN)).generation).toBe(0)
    gate.answers('registry')
    await town.answered(SCAN)
    expect(await town.settled(SCAN)).toMatchObject({ state: 'succeeded', generation: 1 })
    expect(await runs()).toEqual([expect.stringContaining('support-llama v2')])
    await town.advance(HOUR)
    expect((await town.lane(SCAN)).generation).toBe(1)
  })

  it('takes none that was there before the policy said so, and none that came while it did not', async () => {
    await opened({})
    await made()
    await town.advance(MINUTE)
    town.setPolicy(configOf({ scan }))
    await town.advance(HOUR)
    town.setPolicy(configOf({}))
    await town.advance(10 * MINUTE)
    await made()
    await town.advance(MINUTE)
    town.setPolicy(configOf({ scan }))
    await town.advance(HOUR)
    expect((await town.lane(SCAN)).generation).toBe(0)
    await made()
    await town.answered(SCAN)
    await town.settled(SCAN)
    expect(await runs()).toEqual([expect.stringContaining('support-llama v3')])
  })

  it('whose version is deleted meanwhile closes its question, and nothing begins', async () => {
    await opened()
    const version = await made()
    await town.until('it asks', async () => (await town.question(SCAN)) !== null)
    await remove(version)
    await town.advance(HOUR)
    expect(await town.lane(SCAN)).toMatchObject({
      run: null,
      outcome: { detail: expect.stringMatching(/v1 is not there/) },
    })
    expect(await jobsOf(town)).toEqual([])
    // Its number is nobody else's.
    expect(await made()).toBe('2')
    await town.answered(SCAN)
    expect(await town.settled(SCAN)).toMatchObject({ state: 'succeeded', generation: 2 })
  })

  it('that took the place of one which people were asked about and is deleted leaves that to be run by hand', async () => {
    await opened()
    await made()
    await town.until('it asks', async () => (await town.question(SCAN)) !== null)
    const second = await made()
    await town.until('v2 is wanted', async () => (await town.lane(SCAN)).generation === 2)
    await remove(second)
    await town.advance(10 * MINUTE)
    expect(await town.lane(SCAN)).toMatchObject({ run: null, outcome: { kind: 'superseded' } })
    await town.house.command({ kind: 'run', lane: SCAN, by: BEN })
    await town.answered(SCAN)
    expect(await town.settled(SCAN)).toMatchObject({ state: 'succeeded', desired: { weights: { version: '1' } } })
  })

  it('is begun by what a pipeline of ours registers, proven, with its pin', async () => {
    await opened({ scan: { ...scan, register: { model: 'support-llama-scanned' } } })
    await trainedUntil(town, 'train', 'running')
    await town.settled(TRAIN)
    await town.until('it asks', async () => (await town.question(SCAN)) !== null)
    const reasons = (await town.plan(SCAN))?.plan.reasons.join('\n')
    expect(reasons).toContain('support-llama v1: registered here by pipeline/support-chats, after its gates')
    await town.answered(SCAN)
    await town.until('it runs', async () => (await jobsOf(town)).some(({ metadata }) => /scan/.test(metadata.name)))
    const job = (await jobsOf(town)).find(({ metadata }) => /scan/.test(metadata.name))
    expect(envOf(job)).toMatchObject({ INPUT_MODEL_PIN: expect.stringMatching(/^(sha256|version):/) })
    await town.settled(SCAN)
    const made = await town.house.registry.newest('support-llama-scanned')
    expect(made?.tags).toMatchObject({
      'signalbox.dev/from-version': 'support-llama/1',
      'signalbox.dev/dataset': 'scan',
    })
  })

  it('by hand and by the clock runs on the newest version, and says so where there is none', async () => {
    await opened({ scan: { ...scan, on: { ...scan.on, schedule: { cron: '0 2 * * *', zone: 'UTC' } } } })
    expect(await town.house.command({ kind: 'run', lane: SCAN, by: ANA })).toMatchObject({
      detail: expect.stringContaining('support-llama has no version: register one'),
    })
    await made()
    await town.answered(SCAN)
    await town.settled(SCAN)
    await town.advance(15 * HOUR)
    await town.answered(SCAN)
    expect(await town.settled(SCAN)).toMatchObject({ state: 'succeeded', generation: 2 })
    expect(await runs()).toContainEqual(expect.stringMatching(/on support-llama v1, as scheduled for/))
  })
})

describe('a version that comes while it is run on by hand', () => {
  const byHand = { ...scan, on: { ...scan.on, hand: true } }
  const said = async (set: object = {}) => {
    town = await openTown({ config: configOf({ scan: byHand }) })
    await town.advance(6 * MINUTE)
    await made()
    // Whoever has registered it is there before its webhook.
    expect(await town.house.command({ kind: 'run', lane: SCAN, by: BEN, set } as never)).toMatchObject({ ok: true })
    await town.advance(20 * MINUTE)
  }

  it('told otherwise than the policy says, has its own run after that, which is asked about and stays', async () => {
    await said({ train: { env: { SMOKE_STEPS: '10' } } })
    await town.answered(SCAN)
    await town.settled(SCAN)
    await town.advance(HOUR)
    expect(await town.question(SCAN)).toMatchObject({ state: 'open' })
    await town.answered(SCAN)
    expect(await town.settled(SCAN)).toMatchObject({ state: 'succeeded', generation: 2 })
    await town.advance(HOUR)
    expect(await runs()).toEqual([
      expect.stringMatching(/v1, asked for by hand$/),
      expect.stringMatching(/v1, as it is new$/),
    ])
    expect(await looseEnds(town)).toEqual([])
  })

  it('has none where that has begun, and its own where people have said no to that, which says so', async () => {
    await said()
    await town.answered(SCAN)
    await town.settled(SCAN)
    await town.advance(HOUR)
    expect(await town.lane(SCAN)).toMatchObject({ state: 'succeeded', generation: 1 })
    await town.close()
    await said()
    await town.answered(SCAN, 'deny')
    await town.advance(HOUR)
    expect(await town.question(SCAN)).toMatchObject({ state: 'open' })
    const { plan } = (await town.plan(SCAN)) ?? {}
    expect(plan?.title).toMatch(/v1, as it is new$/)
    expect(plan?.reasons).toContain('no other version has come since: the last run on the same was denied')
  })
})

describe('a version of which people have said no', () => {
  const nightly = { ...scan, on: { ...scan.on, hand: true, schedule: { cron: '0 2 * * *', zone: 'Europe/Berlin' } } }
  const { approvals } = example
  const unasked = { ...configOf({ scan: nightly }), approvals: { ...approvals, autoApproveBelow: 1e9 } }
  const night = async () => {
    await town.advance(Date.UTC(2026, 10, 24, 1, 15) - town.house.clock.now())
    return (await town.plan(SCAN))?.plan
  }

  it('is asked about at night: cancelled, though our own pipeline has made it', async () => {
    town = await openTown({ config: unasked as never })
    await upload(town)
    await town.settled(TRAIN)
    await town.until('it runs', async () => (await town.lane(SCAN)).run?.steps.some(({ touched }) => touched) === true)
    await town.house.command({ kind: 'cancel', lane: SCAN, by: ANA })
    await town.settled(SCAN)
    expect((await night())?.approval).toMatchObject({
      required: true,
      why: 'no other version has come since: the last run on the same was cancelled',
    })
  })

  it('is asked about at night: denied, and the question says so', async () => {
    town = await openTown({ config: unasked as never })
    await made()
    await town.answered(SCAN, 'deny')
    await town.settled(SCAN)
    expect((await night())?.reasons).toContain('no other version has come since: the last run on the same was denied')
  })
})

describe('a pipeline that a tag begins', () => {
  const tagged = { ...scan, on: { version: { model: MODEL, tag: { key: 'stage', value: 'candidate' } } } }
  const tag = (version: string, value = 'candidate') => town.house.registry.setTag(MODEL, version, 'stage', value)

  it('runs once on each version that it is set on, old ones too, however often; and not where it is gone before it begins', async () => {
    town = await openTown({ config: configOf({ scan: tagged }) })
    for (const _ of [1, 2, 3]) await made()
    await town.advance(HOUR)
    expect((await town.lane(SCAN)).generation).toBe(0)
    for (const version of ['2', '1']) {
      await tag(version)
      await tag(version)
      await town.answered(SCAN)
      await town.settled(SCAN)
      await tag(version)
    }
    await town.advance(HOUR)
    expect((await runs()).map((title) => /v\d.*$/.exec(title ?? '')?.[0]).sort()).toEqual([
      'v1, as its tag stage is candidate',
      'v2, as its tag stage is candidate',
    ])
    await tag('3')
    await town.until('it asks', async () => (await town.question(SCAN)) !== null)
    await tag('3', 'rejected')
    await town.advance(HOUR)
    expect(await town.lane(SCAN)).toMatchObject({ run: null, generation: 2, outcome: { kind: 'succeeded' } })
    await tag('3')
    await town.until('it asks', async () => (await town.question(SCAN)) !== null)
    await town.answered(SCAN, 'deny')
    await town.advance(HOUR)
    // One that is made with it is found by its making.
    await made({ stage: 'candidate' })
    await town.answered(SCAN)
    expect(await town.settled(SCAN)).toMatchObject({ state: 'succeeded', generation: 5 })
  })
})
