import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { Ports } from '../../flows/ports.ts'
import { promote, registerVersion, uploadDataset } from '../../local/scenario.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { between } from './away.ts'
import {
  everyJob,
  fillPool,
  HOUR,
  MINUTE,
  MODEL,
  replicasOf,
  SERVE,
  say,
  served,
  stepIs,
  TRAIN,
  timeline,
  upload,
} from './scenes.ts'
import { openTown, type Town } from './town.ts'

let [town, folder]: [Town, string | null] = [undefined as never, null]
afterEach(async () => {
  await town.close()
  if (folder !== null) await rm(folder, { recursive: true })
  folder = null
})

const PLACE = { bucket: 'acme-datasets', folder: 'support-chats/a/' }
const opened = async (more: Parameters<typeof openTown>[0] = {}) => {
  folder = await mkdtemp(join(tmpdir(), 'signalbox-begins-'))
  town = await openTown({ dataDir: folder, ...more })
  return everyJob(town)
}
const asks = () => town.until('it asks', async () => (await town.question(TRAIN)) !== null, 1)
const lost = (name: string) => rm(join(folder as string, 'buckets/acme-datasets/support-chats/a', name))
/** Other rows, whose event is lost. */
const writtenOver = (more: { leaveOut?: number[] } = {}) =>
  uploadDataset(town.house, { ...PLACE, rows: ['"other"', '"rows"'], ...more })
const garbled = () => town.house.objects.write(PLACE.bucket, `${PLACE.folder}manifest.json`, Buffer.from('{"version":'))
const why = async () => (await town.house.why(TRAIN)).text

describe('what was approved begins only while it still is what its source says (laws 1, 9)', () => {
  it.each<[string, () => Promise<unknown>, string]>([
    ['written over, unfinished', () => writtenOver({ leaveOut: [1] }), 'part-1.jsonl'],
    ['written over with no manifest', garbled, 'the manifest is not JSON'],
    ['deleted', () => lost('manifest.json'), 'is not there any more'],
    ['there, and an object of it is not', () => lost('part-0.jsonl'), 'part-0.jsonl'],
  ])('its manifest is %s: nothing begins, and it says why', async (_, change, said) => {
    const made = await opened()
    await upload(town)
    await asks()
    await change()
    await town.answered(TRAIN)
    await town.advance(10 * MINUTE)
    expect(await town.lane(TRAIN)).toMatchObject({ run: null, outcome: { kind: 'superseded' } })
    expect(await why()).toContain(said)
    expect(made()).toEqual([])
  })

  it('written over, complete, and nobody was told: the new one is asked about', async () => {
    const made = await opened()
    await upload(town)
    await asks()
    await writtenOver()
    await town.answered(TRAIN)
    await town.advance(MINUTE)
    expect(await town.lane(TRAIN)).toMatchObject({ generation: 2, run: { phase: 'asked', question: { votes: [] } } })
    expect(made()).toEqual([])
  })

  it('written over, unfinished, and told: its question closes, and it waits', async () => {
    const made = await opened()
    await upload(town)
    await asks()
    await writtenOver({ leaveOut: [1] })
    await town.house.scanUploads()
    await town.until('its question closes', async () => (await town.question(TRAIN)) === null, 1)
    expect(await why()).toContain('waits: 1 object is not there yet')
    await town.house.objects.write(PLACE.bucket, `${PLACE.folder}part-1.jsonl`, Buffer.from('"rows"'))
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
    expect(await town.lane(TRAIN)).toMatchObject({ generation: 2 })
    expect(made()).toEqual([])
  })

  it('its rule has another prefix by now: it is the policy’s no more', async () => {
    const made = await opened()
    await upload(town)
    await asks()
    town.setPolicy({ ...example, pipelines: { 'support-chats': piped({ prefix: 'chats-v2/' }) } })
    await town.until('its question closes', async () => (await town.question(TRAIN)) === null)
    expect(await town.lane(TRAIN)).toMatchObject({ outcome: { kind: 'cancelled', reason: 'not-configured' } })
    expect(made()).toEqual([])
  })

  it('an object that comes back is what it waited for: it begins, and nobody is asked again', async () => {
    const made = await opened()
    await upload(town)
    await asks()
    const part = await town.house.objects.read(PLACE.bucket, `${PLACE.folder}part-0.jsonl`, 1e6)
    await lost('part-0.jsonl')
    await town.answered(TRAIN)
    expect(await why()).toContain('waits: 1 object is not there yet')
    await town.house.objects.write(PLACE.bucket, `${PLACE.folder}part-0.jsonl`, Buffer.from(part?.bytes ?? ''))
    await town.until('it trains', stepIs(town, TRAIN, 'train', 'running'))
    expect(await town.lane(TRAIN)).toMatchObject({ generation: 1, attempt: 2 })
    expect(made()).toEqual(['g1a2-train'])
  })

  it('while its bucket is away nothing begins, visibly; then it does, as it was approved', async () => {
    const far = between()
    const made = await opened({ wrap: far.wrap })
    await upload(town)
    await asks()
    far.fails('objects', 'away')
    await town.answered(TRAIN)
    await town.advance(20 * MINUTE)
    expect(await why()).toContain('objects does not answer')
    expect((await town.held('pool/gpu-train')).sum).toBe(0)
    far.answers('objects')
    await town.until('it trains', stepIs(town, TRAIN, 'train', 'running'))
    expect(made()).toEqual(['g1a1-train'])
  })

  it('a person’s retry of what its source says no more begins nothing', async () => {
    const made = await opened({ config: { ...example, approvals: { ...example.approvals, autoApproveBelow: 1000 } } })
    await upload(town)
    await town.until('it trains', stepIs(town, TRAIN, 'train', 'running'))
    await say(town, 'cancel')
    await town.settled(TRAIN)
    await garbled()
    expect(await say(town, 'retry')).toMatchObject({ ok: false, detail: expect.stringContaining('Write the manifest') })
    await town.advance(HOUR)
    expect(await town.lane(TRAIN)).toMatchObject({ attempt: 1, run: null, outcome: { kind: 'superseded' } })
    expect(made()).toEqual(['g1a1-train'])
  })

  it('who waited for room is looked at again once it has it', async () => {
    const pools = {
      ...example.pools,
      'gpu-train': { ...example.pools['gpu-train'], maxGpus: 8 },
    } as typeof example.pools
    const approvals = { ...example.approvals, autoApproveBelow: 1000 }
    const made = await opened({ config: { ...example, approvals, pools } })
    await fillPool(town)
    await upload(town)
    await town.advance(MINUTE)
    await lost('manifest.json')
    const other = (await town.house.cluster.list('Pod')).find(({ metadata }) => metadata.name === 'other')
    await town.house.cluster.delete({ kind: 'Pod', namespace: 'training', name: 'other' }, other?.metadata.uid ?? '')
    await town.advance(HOUR)
    expect(await town.lane(TRAIN)).toMatchObject({ run: null, outcome: { kind: 'superseded' } })
    expect((await town.held('pool/gpu-train')).sum).toBe(0)
    expect(made()).toEqual([])
  })
})

describe('what was approved is rolled out only while the registry still names it (laws 1, 6, 9)', () => {
  /** Another version is asked about, beside the one that serves; from then on no webhook arrives. */
  const asksAbout = async (wrap?: Parameters<typeof openTown>[0]) => {
    town = await openTown(wrap)
    await served(town)
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, tags: { n: '2' } }))
    await town.until('it asks', async () => (await town.question(SERVE)) !== null, 1)
    const { webhook } = town.house
    const lost: typeof webhook = async (route, request) =>
      route === 'mlflow' ? { status: 503, body: {} } : webhook(route, request)
    Object.assign(town.house, { webhook: lost })
  }
  const lane = () => town.lane(SERVE)
  const said = async () => (await town.house.why(SERVE)).text

  it('its alias was moved, and nobody was told: the new one is asked about, and nothing of the other begins', async () => {
    await asksAbout()
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, tags: { n: '3', m: '' } }))
    await town.answered(SERVE)
    expect(await lane()).toMatchObject({ generation: 3, run: { phase: 'asked', question: { votes: [] } } })
    expect(await town.run(SERVE, 2)).toMatchObject({ outcome: { kind: 'superseded' } })
    expect(await replicasOf(town)).toEqual({ 1: 2 })
  })

  it.each<[string, () => Promise<void>]>([
    ['moved back to what serves', () => promote(town.house, MODEL, '1')],
    ['taken away', () => town.house.registry.deleteAlias(MODEL, 'champion')],
  ])('its alias was %s, and nobody was told: what serves goes on', async (_, change) => {
    await asksAbout()
    await change()
    await town.answered(SERVE)
    await town.settled(SERVE)
    expect(await town.run(SERVE, 2)).toMatchObject({ outcome: { kind: 'superseded' } })
    expect(await lane()).toMatchObject({ state: 'succeeded', generation: 3 })
    expect(await town.house.cluster.list('Deployment')).toHaveLength(1)
  })

  it('the registry is away: nothing begins, visibly, nothing is held, and then it does as it was approved', async () => {
    const far = between()
    await asksAbout({ wrap: far.wrap })
    const held = await town.held('pool/gpu-serve')
    far.fails('registry', 'away')
    await town.answered(SERVE)
    await town.advance(20 * MINUTE)
    expect(await said()).toContain('registry does not answer')
    expect([await replicasOf(town), await town.held('pool/gpu-serve')]).toEqual([{ 1: 2 }, held])
    far.answers('registry')
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded', generation: 2, attempt: 1 })
    expect(await replicasOf(town)).toEqual({ 2: 2 })
  })

  it('a version is named that is still being registered: it waits for that, and nobody is asked again if the alias goes back', async () => {
    let status = 'PENDING_REGISTRATION'
    const wrap = (ports: Ports): Ports => {
      const { registry } = ports
      const alias: typeof registry.alias = async (model, name) => {
        const found = await registry.alias(model, name)
        return found?.version === '3' ? { ...found, status } : found
      }
      return { ...ports, registry: { ...registry, alias } }
    }
    await asksAbout({ wrap })
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, tags: { n: '3', m: '' } }))
    await town.answered(SERVE)
    expect(await said()).toBe('waits: support-llama@champion is v3, still being registered')
    expect(await lane()).toMatchObject({ generation: 2, run: { phase: 'planned', hold: null } })
    await town.advance(HOUR)
    expect(await replicasOf(town)).toEqual({ 1: 2 })
    const waits = (await timeline(town, SERVE)).filter(({ text }) => text.includes('still being registered'))
    expect(waits).toHaveLength(1)
    await promote(town.house, MODEL, '2')
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded', generation: 2 })
    status = 'READY'
    await promote(town.house, MODEL, '3')
    await town.answered(SERVE)
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded', generation: 3 })
  })
})
