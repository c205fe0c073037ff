import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freezeEnd } from '../../../cli/commands/act.ts'
import { Explained } from '../../../cli/output.ts'
import { uploadDataset } from '../../../local/scenario.ts'
import example from '../../example.ts'
import { piped } from '../../variants.ts'
import { openRunning, type Running } from '../running.ts'

const LANE = 'pipeline/support-chats'
const HOUR = 3_600_000
const ANA = 'T0SIGNAL/U0APPROVER'
let product: Running

beforeEach(async () => {
  product = await openRunning()
})
afterEach(() => product.close())

/** Everything that the product's buckets hold. */
const files = (): string[] => {
  const buckets = join(product.data, 'buckets')
  return existsSync(buckets) ? readdirSync(buckets, { recursive: true }).map(String).sort() : []
}

/** The plan that asks, of an event that was emitted. */
const asking = async (): Promise<string> => {
  expect(await product.cli('emit', 'dataset-uploaded/base')).toMatchObject({ code: 0 })
  await product.town.until('it asks', async () => (await product.town.question(LANE)) !== null)
  const { plans } = (await product.json('plans')) as { plans: { id: string }[] }
  return plans[0]?.id ?? ''
}

describe('an event by hand', () => {
  it('emit says what it became; the same again is ignored with its reason', async () => {
    const first = await product.cli('emit', 'dataset-uploaded/base')
    expect(first).toMatchObject({ code: 0, out: expect.stringContaining(`intended · ${LANE}`) })
    expect(await product.json('emit', 'dataset-uploaded/base')).toMatchObject({
      events: [{ kind: 'ignored', lane: LANE, reason: expect.any(String) }],
    })
  })

  it('plan prices a sample and touches nothing: no upload is found afterwards', async () => {
    const before = files()
    const { code, out } = await product.cli('plan', 'dataset-uploaded/base')
    expect(code).toBe(0)
    expect(out).toMatch(/\$\d/)
    expect(files()).toEqual(before)
    await product.town.house.scanUploads()
    await product.town.advance(HOUR)
    expect(await product.json('plans')).toMatchObject({ plans: [], lanes: [] })
  })

  it('plan of what would move nothing says so, in the words of emit, and prices nothing', async () => {
    await product.cli('emit', 'dataset-uploaded/base')
    const { out, code } = await product.cli('plan', 'dataset-uploaded/base')
    expect(out).toBe(`ignored (in-progress) · ${LANE}: run on support-chats@efe9ea42 is already being carried out`)
    expect([code, (await product.cli('emit', 'dataset-uploaded/base')).out]).toEqual([0, out])
  })

  it('plan of a file imagines no dataset for it, and emit lays none down', async () => {
    const file = join(product.data, 'mine.json')
    copyFileSync('events/samples/dataset-uploaded/base.json', file)
    const { out } = await product.cli('plan', file)
    expect(out).toContain('is not there any more')
    expect((await product.cli('emit', file)).out).toContain('source-gone')
    expect(files()).toEqual([])
  })

  it('emit lays a sample’s dataset down, and leaves what is there alone', async () => {
    const folder = join(product.data, 'buckets/acme-datasets/support-chats/2026-11-23')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'part-0.jsonl'), 'mine')
    await product.cli('emit', 'dataset-uploaded/base')
    expect(readdirSync(folder)).toEqual(['manifest.json', 'part-0.jsonl'])
    expect(readFileSync(join(folder, 'part-0.jsonl'), 'utf8')).toBe('mine')
  })
})

describe('an answer', () => {
  it('of an approver is recorded, and the plan goes on', async () => {
    const id = await asking()
    expect(await product.cli('approve', id, '--by', ANA)).toMatchObject({
      code: 0,
      out: expect.stringContaining('recorded'),
    })
    expect(await product.town.settled(LANE)).toMatchObject({ state: 'succeeded' })
    const { out } = await product.cli('trace', id)
    for (const part of [LANE, 'succeeded', '$']) expect(out).toContain(part)
  })

  it('deny keeps its reason', async () => {
    const id = await asking()
    expect(await product.cli('deny', id, '--by', ANA, '--reason', 'not this week')).toMatchObject({ code: 0 })
    expect(await product.town.settled(LANE)).toMatchObject({ state: 'rejected' })
    expect((await product.cli('trace', LANE)).out).toContain('not this week')
  })

  it('chooses an alternative by its name or its digest; of what it does not ask about it names what it does', async () => {
    const small = { stages: { train: { pool: 'gpu-serve', gpus: 4, hours: { p50: 3, p95: 6 } } } }
    product.town.setPolicy({
      ...example,
      pipelines: { 'support-chats': { ...example.pipelines?.['support-chats'], alternatives: { small } } },
    })
    const id = await asking()
    const { out } = await product.cli('trace', id)
    const [, digest = ''] = /choice {6}small \(([0-9a-f]{12})\): \$/.exec(out) ?? []
    expect(await product.cli('approve', id, '--by', ANA, '--choice', 'smal')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/it asks about no smal; about default \([0-9a-f]{12}\), small \([0-9a-f]{12}\)/),
    })
    expect(await product.json('approve', id, '--by', ANA, '--choice', digest)).toMatchObject({
      recorded: 'approved',
      took: { name: 'small', atMost: expect.any(Number), others: ['default'] },
    })
    await product.town.until('it runs', async () => (await product.town.held('pool/gpu-serve')).sum > 0)
    expect((await product.town.lane(LANE)).approved?.question.chosen).toEqual({ name: 'small' })
    const { plans } = await product.json('plans')
    expect(plans).toMatchObject([{ run: { question: { chosen: { name: 'small' } } } }])
  })

  it('without a choice where there is one says which was taken, at most at what price, and what was beside it', async () => {
    const small = { stages: { train: { pool: 'gpu-serve', gpus: 4, hours: { p50: 3, p95: 6 } } } }
    product.town.setPolicy({
      ...example,
      pipelines: { 'support-chats': { ...example.pipelines?.['support-chats'], alternatives: { small } } },
    })
    expect(await product.cli('approve', await asking(), '--by', ANA)).toMatchObject({
      code: 0,
      out: `recorded: approved · ${LANE} · as default, at most $223.83; beside it were small (\`--choice\` says which)`,
    })
  })

  it('of nobody says who may', async () => {
    const id = await asking()
    expect(await product.cli('approve', id)).toMatchObject({
      code: 2,
      err: expect.stringContaining('`--by T0SIGNAL/U0APPROVER` (ana) or `--by T0SIGNAL/U0BEN` (ben)'),
    })
    expect((await product.town.lane(LANE)).outcome).toBeNull()
  })

  it('of somebody else, or to nothing, ends with 1 and says why', async () => {
    const id = await asking()
    const guest = await product.cli('approve', id, '--by', 'T0SIGNAL/U0GUEST')
    expect(guest).toMatchObject({ code: 1, out: '', err: expect.stringContaining('refused') })
    const named = await product.cli('approve', LANE, '--by', ANA)
    expect(named).toMatchObject({ code: 1, err: expect.stringContaining(`what asks: ${id}`) })
    const who = await product.cli('approve', id, '--by', 'ana')
    expect(who).toMatchObject({
      code: 1,
      err: expect.stringContaining(
        'as in approvals.approvers; who is called ana there is `T0SIGNAL/U0APPROVER`: say `--by T0SIGNAL/U0APPROVER`',
      ),
    })
    expect((await product.town.lane(LANE)).outcome).toBeNull()
  })
})

it('a rung is lifted for a reason alone: without one nobody is asked, and it says so in its own words', async () => {
  for (const why of ['', '  '])
    expect(await product.cli('lift', 'no-new-runs', '--why', why)).toMatchObject({
      code: 2,
      err: 'signalbox: --why is empty: say why in your words, since whoever is asked reads it',
    })
  expect(await product.cli('lift', 'no-new-runs', '--why', 'x'.repeat(1001))).toMatchObject({
    code: 2,
    err: expect.stringContaining('has 1001 characters: say it in 1000 at most'),
  })
})

describe('a lane', () => {
  it('is cancelled, and retried', async () => {
    await asking()
    expect(await product.cli('cancel', LANE, '--by', 'ana')).toMatchObject({ code: 0 })
    expect(await product.town.settled(LANE)).toMatchObject({ state: 'cancelled', attempt: 1 })
    expect(await product.cli('retry', LANE, '--by', 'ana')).toMatchObject({
      code: 0,
      out: 'attempt 2 of generation 1 has started',
    })
    expect(await product.town.lane(LANE)).toMatchObject({ state: 'wanted', attempt: 2 })
  })

  it('is retried from a stage on: what comes before it is kept, and said', async () => {
    await product.cli('approve', await asking(), '--by', ANA)
    await product.town.settled(LANE)
    const kept = (await product.town.lane(LANE)).kept.map(({ step }) => step)
    expect(kept).toContain('train')
    const unknown = await product.cli('retry', LANE, '--from', 'lunch')
    expect(unknown).toMatchObject({
      code: 1,
      err: expect.stringMatching(/no stage lunch to begin from: it is one of train, evaluate, or/),
    })
    expect(await product.cli('retry', LANE, '--from', 'evaluate')).toMatchObject({
      code: 0,
      out: 'attempt 2 of generation 1 has started, keeping train where nothing of it has changed',
    })
  })

  it('has what waits behind its run cancelled, and the run goes on', async () => {
    await product.cli('approve', await asking(), '--by', ANA)
    const { house } = product.town
    await product.town.until('its Job is there', async () => (await house.cluster.list('Job')).length === 1)
    const none = await product.cli('cancel', LANE, '--wanted')
    expect(none).toMatchObject({ code: 1, out: '', err: expect.stringContaining(`nothing waits in ${LANE}`) })
    await product.town.advance(60_000)
    await uploadDataset(house, { bucket: 'acme-datasets', folder: 'support-chats/two/', rows: ['{"two":2}'] })
    await house.scanUploads()
    await product.town.until('it waits', async () => (await product.town.lane(LANE)).generation === 2)
    expect((await product.cli('plans')).out).toMatch(/then: run on .*, generation 2/)
    const { code, out } = await product.cli('cancel', LANE, '--wanted', '--by', 'ana')
    expect([code, out]).toEqual([0, expect.stringMatching(/\(generation 2\) is cancelled before it began/)])
    const { run } = await product.town.lane(LANE)
    expect(run).toMatchObject({ generation: 1, cancelled: null })
  })

  it('is cancelled as it was seen: what is shown is what is sent, and another attempt is not reached', async () => {
    const id = await asking()
    const other = await product.cli('cancel', LANE, '--saw', id.replace(/a1$/, 'a2'))
    expect(other).toMatchObject({ code: 1, err: expect.stringContaining('you saw generation 1, attempt 2') })
    const idle = await product.cli('cancel', LANE, '--saw', 'idle')
    expect(idle).toMatchObject({ code: 1, err: expect.stringContaining('nothing was in progress; run on') })
    expect(await product.cli('cancel', LANE, '--saw', 'yesterday')).toMatchObject({ code: 2 })
    expect(await product.town.lane(LANE)).toMatchObject({ state: 'wanted', run: { cancelled: null } })
    const { house } = product.town
    const sent: unknown[] = []
    const { command } = house
    house.command = (asked) => {
      sent.push(asked)
      return command(asked)
    }
    const waits = await product.cli('cancel', LANE, '--wanted')
    expect(waits.err).toContain('nothing is there to cancel')
    const shown = await product.cli('cancel', LANE)
    expect(shown).toMatchObject({ code: 0, err: expect.stringMatching(/run on .*, generation 1, attempt 1/) })
    expect(sent).toMatchObject([{ saw: 'idle' }, { saw: { generation: 1, attempt: 1 } }])
  })

  it('whose refusal is asked for as JSON has it on stdout', async () => {
    await asking()
    const { code, out, err } = await product.cli('thaw', LANE, '--json')
    expect([code, JSON.parse(out), err]).toEqual([1, { ok: false, detail: `${LANE} is not frozen` }, ''])
  })

  it('that wants nothing cannot be retried: ends with 1', async () => {
    expect(await product.cli('retry', 'pipeline/lunch')).toMatchObject({ code: 1 })
  })

  it('that nobody knows: trace names those that there are', async () => {
    await asking()
    expect(await product.cli('trace', 'pipeline/lunch')).toMatchObject({ code: 1, err: expect.stringContaining(LANE) })
  })
})

describe('a freeze', () => {
  it.each([
    ['90s', 1_090_000],
    ['4h', 1_000_000 + 4 * HOUR],
    ['2d', 1_000_000 + 2 * 86_400_000],
    ['2026-11-24T18:00Z', Date.parse('2026-11-24T18:00Z')],
  ])('until %s ends then', (text, end) => expect(freezeEnd(text, 1_000_000)).toBe(end))

  it.each(['', 'soon', '4', 'h', '4 hours'])('until %j is refused with an example', (text) =>
    expect(() => freezeEnd(text, 0)).toThrow(Explained),
  )

  it('until a time that nobody lives to see is refused', () =>
    expect(() => freezeEnd('99999999d', 0)).toThrow('--until 99999999d is too far: say at most 366d, or a time'))

  it('of a lane of the policy holds before its first event; of any other there is none', async () => {
    const unknown = await product.cli('freeze', 'pipeline/lunch', '--until', '4h')
    expect(unknown).toMatchObject({ code: 1, out: '', err: expect.stringContaining('there is no lane') })
    expect(await product.cli('freeze', LANE, '--until', '4h')).toMatchObject({ code: 0 })
    await product.cli('approve', await asking(), '--by', ANA)
    await product.town.until('it rests', async () => (await product.town.lane(LANE)).rest?.why === 'frozen')
    expect(await product.town.house.ports.cluster.list('Job')).toEqual([])
    expect(await product.cli('thaw', LANE)).toMatchObject({ code: 0, out: 'thawed, and 1 lane woken' })
  })

  it('begins nothing that was approved, until thaw ends it', async () => {
    const end = product.town.house.clock.now() + 4 * HOUR
    expect(await product.cli('freeze', '--until', '4h', '--by', 'ana')).toMatchObject({
      code: 0,
      out: expect.stringContaining(`until ${new Date(end).toISOString()}`),
    })
    await product.cli('approve', await asking(), '--by', ANA)
    await product.town.advance(HOUR)
    const jobs = async (): Promise<number> => (await product.town.house.ports.cluster.list('Job')).length
    expect(await jobs()).toBe(0)
    expect(await product.cli('thaw', '--by', 'ana')).toMatchObject({ code: 0, out: 'thawed, and 1 lane woken' })
    await product.town.until('it is launched', async () => (await jobs()) === 1)
  })
})

describe('a lane whose rule was renamed', () => {
  const NEW = 'pipeline/chats'

  it.each([NEW, LANE])('is reached as %s by every command, and every text says its new name', async (name) => {
    const plan = await asking()
    product.town.setPolicy({ ...example, pipelines: { chats: piped({ was: 'support-chats' }) } })
    const said = async (...argv: string[]) => {
      const { code, out, err } = await product.cli(...argv)
      expect([argv[0], code]).toEqual([argv[0], 0])
      expect(`${out}${err}`).not.toContain(LANE)
      return `${out}${err}`
    }
    expect(await said('plans')).toContain(NEW)
    expect(await said('trace', name)).toMatch(/^pipeline\/chats · /)
    expect(await said('freeze', name, '--until', '1h')).toContain(`nothing new begins on ${NEW}`)
    expect(await said('why', name)).toMatch(/^pipeline\/chats: /)
    expect(await said('thaw', name)).toContain('1 lane woken')
    expect(await said('approve', plan, '--by', ANA)).toContain(NEW)
    expect(await said('cancel', name)).toContain('attempt 1 of generation 1 stops')
    await product.town.settled(LANE)
    expect(await said('retry', name)).toContain('attempt 2 of generation 1 has started')
    expect((await product.town.lane(LANE)).attempt).toBe(2)
  })
})
