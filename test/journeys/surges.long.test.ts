import { afterEach, describe, expect, it } from 'vitest'
import { promote, uploadDataset } from '../../local/scenario.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { looseEnds, MINUTE, SERVE, timeline, trainedUntil } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const CODE = 'service/code-llama'
const SALES = 'pipeline/sales-chats'
/** A new version of a model, promoted. */
const promoted = async (model: string, version: number): Promise<void> => {
  const folder = `models/${model}/${version}/`
  await town.house.objects.write('acme-results', `${folder}config.json`, Buffer.from('{}'))
  const source = `s3://acme-results/${folder}`
  const { version: number } = await town.house.registry.register({ model, source, runId: null, tags: {} } as never)
  await promote(town.house, model, number)
}
/** Both services serve: of 16 GPUs one has 8 and the other 4, and there is room for one that surges. */
const bothServe = async (config: unknown = example) => {
  town = await openTown({ config })
  for (const model of ['support-llama', 'code-llama']) {
    await promoted(model, 1)
    await town.answered(`service/${model}`)
    await town.settled(`service/${model}`)
  }
}
const told = async () => (await timeline(town, CODE)).filter(({ text }) => text.startsWith('asked ')).length
const whyOf = async (lane: string) => (await town.house.why(lane)).text
const WAITS = 'waits for room: gpu-serve has'

describe('what others hold for a while is waited for, and is no reason to refuse', () => {
  it('two are approved while there is room for one: the second goes on once the first has given its surge back', async () => {
    await bothServe()
    await promoted('support-llama', 2)
    await promoted('code-llama', 2)
    await town.answered(SERVE)
    await town.until('the first holds more', async () => (await town.held('pool/gpu-serve')).lanes[SERVE] === 12)
    await town.answered(CODE)
    await town.advance(MINUTE)
    expect([(await town.lane(CODE)).state, await whyOf(CODE)]).toEqual(['wanted', expect.stringContaining(WAITS)])
    expect(await town.settled(CODE)).toMatchObject({ state: 'succeeded', generation: 2, attempt: 1 })
    expect(await town.lane(SERVE)).toMatchObject({ state: 'succeeded' })
    expect(await told()).toBe(2)
    expect(await town.held('pool/gpu-serve')).toEqual({ lanes: { [SERVE]: 8, [CODE]: 4 }, sum: 12 })
    expect(await looseEnds(town)).toEqual([])
  })

  it('one is wanted while another rolls out: it is asked about at once, says what it waits for, and goes on', async () => {
    await bothServe()
    await promoted('support-llama', 2)
    await town.answered(SERVE)
    await town.until('the first holds more', async () => (await town.held('pool/gpu-serve')).lanes[SERVE] === 12)
    await promoted('code-llama', 2)
    await town.answered(CODE)
    expect((await town.plan(CODE))?.plan.reasons).toContain(
      'gpu-serve has 4 free of 16 (12 used, 0 held), with 4 that others hold for a while: it waits for those',
    )
    expect(await town.settled(CODE)).toMatchObject({ state: 'succeeded', generation: 2, attempt: 1 })
  })

  it('what something newer has stopped in the middle of its way is waited for, too', async () => {
    await bothServe()
    await promoted('support-llama', 2)
    await town.answered(SERVE)
    await town.until('the first holds more', async () => (await town.held('pool/gpu-serve')).lanes[SERVE] === 12)
    await town.advance(2 * MINUTE)
    await promoted('support-llama', 3)
    await town.until('it asks', async () => (await town.question(SERVE)) !== null)
    expect([(await town.lane(SERVE)).halfway, (await town.held('pool/gpu-serve')).lanes[SERVE]]).toEqual([true, 12])
    await promoted('code-llama', 2)
    await town.answered(CODE)
    await town.advance(MINUTE)
    expect(await whyOf(CODE)).toContain(WAITS)
    await town.answered(SERVE)
    expect(await town.settled(CODE)).toMatchObject({ state: 'succeeded', generation: 2, attempt: 1 })
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded', generation: 3 })
    expect(await town.lane(SERVE)).not.toHaveProperty('lasts')
    expect(await looseEnds(town)).toEqual([])
  })

  it('a Job in the pool of a service is waited for', async () => {
    await bothServe({ ...example, pipelines: { 'support-chats': piped({ evaluate: { pool: 'gpu-serve' } }) } })
    await trainedUntil(town, 'evaluate', 'running', { simulation: { tasks: { evaluate: { minutes: 25 } } } })
    await promoted('code-llama', 2)
    await town.answered(CODE)
    await town.advance(MINUTE)
    expect(await whyOf(CODE)).toContain(WAITS)
    expect(await town.settled(CODE)).toMatchObject({ state: 'succeeded', generation: 2, attempt: 1 })
  })

  it('who waits for longer than it may begin is refused for want of room, asks nobody meanwhile, and is planned again once there is', async () => {
    const config = {
      ...example,
      approvals: { ...example.approvals, expiry: '30m' },
      pipelines: { 'support-chats': piped({ evaluate: { pool: 'gpu-serve', hours: { p50: 2, p95: 4 } } }) },
    }
    await bothServe(config)
    await trainedUntil(town, 'evaluate', 'running', { simulation: { tasks: { evaluate: { minutes: 120 } } } })
    await promoted('code-llama', 2)
    await town.answered(CODE)
    await town.until('its time is over', async () => (await town.lane(CODE)).state === 'refused')
    expect(await whyOf(CODE)).toContain('refused (no-room): there was no room for it before it expired; it begins once')
    // Dollars move, and the policy: none of that is room.
    town.setPolicy({ ...config, budget: { ...example.budget, dollars: example.budget.dollars + 1 } })
    await town.advance(45 * MINUTE)
    expect([(await town.lane(CODE)).state, await told()]).toEqual(['refused', 2])
    await town.until('it asks again', async () => (await town.question(CODE)) !== null)
    await town.answered(CODE)
    expect(await town.settled(CODE)).toMatchObject({ state: 'succeeded', generation: 2, attempt: 2 })
    expect(await looseEnds(town)).toEqual([])
  })

  it('who was refused for want of room is asked about again where others stand in line, and goes before them', async () => {
    await bothServe({
      ...example,
      approvals: { ...example.approvals, expiry: '30m' },
      pipelines: {
        'support-chats': piped({ evaluate: { pool: 'gpu-serve', hours: { p50: 2, p95: 4 } } }),
        'sales-chats': piped({ prefix: 'sales-chats/', train: { pool: 'gpu-serve', gpus: 4 } }),
      },
    })
    await trainedUntil(town, 'evaluate', 'running', { simulation: { tasks: { evaluate: { minutes: 48 } } } })
    await promoted('code-llama', 2)
    await town.answered(CODE)
    await town.advance(20 * MINUTE)
    await uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'sales-chats/a/', rows: ['{}'] })
    await town.house.scanUploads()
    await town.answered(SALES)
    const inLine = async (lane: string) => (await town.run(lane))?.line?.since
    await town.until('the other waits', async () => (await inLine(SALES)) !== undefined)
    const since = await inLine(CODE)
    await town.until('its time is over', async () => (await town.lane(CODE)).state === 'refused')
    await town.until('it asks again', async () => (await town.question(CODE)) !== null)
    await town.answered(CODE)
    await town.until('it waits again', async () => (await inLine(CODE)) !== undefined)
    expect([await inLine(CODE), await inLine(SALES)]).toEqual([since, expect.any(Number)])
    await town.until('it goes on', async () => (await town.run(CODE))?.phase === 'steps')
    expect((await town.run(SALES))?.phase).toBe('waiting-for-room')
    expect(await town.settled(CODE)).toMatchObject({ state: 'succeeded', generation: 2, attempt: 2 })
    expect(await town.lane(CODE)).not.toHaveProperty('inLineFrom')
    expect(await looseEnds(town)).toEqual([])
  })

  it('what would not fit even then is refused, and says that it counts that as free', async () => {
    await bothServe()
    await promoted('support-llama', 2)
    await town.answered(SERVE)
    await town.until('the first holds more', async () => (await town.held('pool/gpu-serve')).lanes[SERVE] === 12)
    const pools = { ...example.pools, 'gpu-serve': { ...example.pools['gpu-serve'], maxGpus: 12 } }
    town.setPolicy({ ...example, pools })
    await promoted('code-llama', 2)
    await town.until('it is refused', async () => (await town.lane(CODE)).state === 'refused')
    expect(await whyOf(CODE)).toContain('with 4 that others hold for a while: it would wait for ever')
  })
})
