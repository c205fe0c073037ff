import { afterEach, describe, expect, it, vi } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import { resultId } from '../../core/rows.ts'
import { readRow } from '../../flows/rows.ts'
import { uploadDataset } from '../../local/scenario.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { ANA, BEN, openTown, type Town } from './town.ts'

const LANE = 'pipeline/support-chats'
const folder = (day: string) => `support-chats/2026-11-${day}/`
let town: Town

const upload = async (given: Partial<Parameters<typeof uploadDataset>[1]> = {}): Promise<void> => {
  await uploadDataset(town.house, {
    bucket: 'acme-datasets',
    folder: folder('23'),
    rows: ['{"q":1}', '{"q":2}'],
    ...given,
  })
  await town.house.scanUploads()
}
/** The event of the upload, as S3 sends it. */
const delivered = () => ({
  version: '0',
  id: 'again',
  source: 'aws.s3',
  'detail-type': 'Object Created',
  account: '1',
  time: '2026-11-23T12:00:00Z',
  region: 'r',
  resources: [],
  detail: {
    version: '0',
    bucket: { name: 'acme-datasets' },
    object: { key: `${folder('23')}manifest.json`, size: 10, etag: 'e', sequencer: '1' },
    'request-id': 'r',
    requester: 'x',
    reason: 'PutObject',
  },
})
const jobs = async () => town.house.cluster.list('Job')
const registered = async () =>
  (await town.house.registry.rest('GET', 'model-versions/search', { filter: "name='support-llama'" })).body[
    'model_versions'
  ]
const nothingIsHeld = async () => {
  for (const room of ['pool/gpu-train', 'budget/ml-monthly'])
    expect(await town.held(room)).toEqual({ lanes: {}, sum: 0 })
}
const timeline = async () => (await town.house.ports.ledger.moments(LANE, { limit: 200 })).reverse()

afterEach(() => town.close())

describe('a dataset is uploaded', () => {
  it('approved: trained, evaluated, registered, told; one Job a step', async () => {
    town = await openTown()
    await upload()
    await town.answered(LANE)
    expect(await town.settled(LANE)).toMatchObject({ state: 'succeeded', generation: 1, attempt: 1, run: null })
    const run = await town.run(LANE)
    expect(run?.steps.map(({ name, state }) => [name, state])).toEqual([
      ['train', 'done'],
      ['evaluate', 'done'],
      ['judge-evaluate', 'done'],
      ['register', 'done'],
      ['notify', 'done'],
    ])
    expect(await jobs()).toHaveLength(2)
    const { name } = await town.lane(LANE)
    expect(await registered()).toMatchObject([
      {
        version: '1',
        source: expect.stringContaining(`/${name}-g1a1-train-`),
        tags: expect.arrayContaining([
          { key: 'signalbox.dev/plan', value: expect.stringMatching(new RegExp(`^${name}-[0-9a-f]{8}$`)) },
        ]),
      },
    ])
    expect(run?.hold).toBeNull()
    await nothingIsHeld()
    expect(run?.cost).toBeGreaterThan(0)
    expect((await timeline()).map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['event', 'facts', 'decision', 'plan', 'answer', 'hold', 'step', 'outcome']),
    )
  })

  it('denied at great length: the outcome and the vote repeat some of it, the timeline two thousand characters', async () => {
    town = await openTown()
    await upload()
    const reason = 'too expensive\n'.repeat(200)
    await town.answered(LANE, 'deny', BEN, reason)
    const { outcome } = await town.settled(LANE)
    expect(outcome?.detail).toMatch(/^denied by .*: too expensive too expensive .*…$/)
    expect(outcome?.detail.length).toBeLessThanOrEqual(2000)
    const run = await town.run(LANE)
    expect(run?.question?.votes[0]?.reason).toMatch(/^too expensive too expensive .*…$/)
    expect((await timeline()).find(({ data }) => data?.['by'] === BEN)?.data).toMatchObject({
      words: expect.stringContaining(reason.replaceAll('\n', ' ').slice(0, 1999)),
    })
  })

  it('denied with a reason: nothing is made, and the reason is kept', async () => {
    town = await openTown()
    await upload()
    await town.answered(LANE, 'deny', BEN, 'too expensive today')
    expect((await town.settled(LANE)).outcome).toMatchObject({
      kind: 'rejected',
      detail: expect.stringContaining('too expensive today'),
    })
    expect(await jobs()).toEqual([])
  })

  it('nobody answers: that means no, after the policy’s expiry', async () => {
    town = await openTown()
    await upload()
    expect((await town.settled(LANE)).state).toBe('expired')
    expect(await jobs()).toEqual([])
  })

  it('the same upload again, delivered many times, adds nothing', async () => {
    town = await openTown()
    await upload()
    await town.answered(LANE)
    await town.settled(LANE)
    for (let n = 0; n < 5; n++)
      expect(await town.house.deliver(delivered())).toMatchObject({ kind: 'ignored', reason: 'already-done' })
    expect(await jobs()).toHaveLength(2)
  })

  it('a manifest whose objects are not all there waits, says what is missing, and goes on when they are', async () => {
    town = await openTown()
    await upload({ leaveOut: [1] })
    expect((await town.lane(LANE)).rest).toMatchObject({
      why: 'objects-missing',
      text: expect.stringContaining('part-1.jsonl'),
    })
    // Told again, and found by resync: one letter waits, and says for what.
    await town.house.deliver(delivered())
    await town.advance(600_000)
    const letters = await town.house.ports.ledger.list('look', { prefix: `${LANE}#` })
    expect(letters.map(({ value }) => value)).toMatchObject([{ waits: { reason: 'objects-missing' } }])
    await town.house.objects.write('acme-datasets', `${folder('23')}part-1.jsonl`, Buffer.from('{"q":2}'))
    await town.answered(LANE)
    expect((await town.settled(LANE)).state).toBe('succeeded')
  })

  it('a manifest that stays incomplete is given up at its deadline', async () => {
    town = await openTown()
    await upload({ leaveOut: [0, 1] })
    await town.advance(2 * 3_600_000)
    expect(await town.lane(LANE)).toMatchObject({
      rest: { why: 'parked', text: expect.stringContaining('still missing at its deadline') },
      generation: 0,
    })
    await town.advance(3_600_000)
    expect((await town.lane(LANE)).rest?.text).toContain('still missing at its deadline')
    expect((await timeline()).some(({ data }) => data?.['reason'] === 'missed-deadline')).toBe(true)
  })

  it.each([
    ['exit code', { exitCode: 1, logs: ['Traceback', 'ValueError: bad row'] }, 'exit-code', 'ValueError: bad row'],
    ['out of memory', { exitCode: 137, reason: 'OOMKilled' }, 'out-of-memory', ''],
    ['no result', { result: null }, 'result-missing', 'result.json'],
    ['garbage result', { result: '{"metrics": NaN' }, 'result-malformed', 'result.json'],
  ])(
    'training fails by %s: the outcome says so, nothing is registered, and it is not tried again',
    async (_, simulation, reason, sentence) => {
      town = await openTown()
      await upload({ simulation })
      await town.answered(LANE)
      const { outcome, attempt } = await town.settled(LANE)
      expect(outcome).toMatchObject({ kind: 'failed', reason, detail: expect.stringContaining(sentence) })
      await town.advance(3_600_000)
      expect((await town.lane(LANE)).attempt).toBe(attempt)
      expect(await town.house.registry.alias('support-llama', 'champion')).toBeNull()
    },
  )

  const nccl = { exitCode: 1, logs: ['NCCL: Watchdog caught collective operation timeout'] }
  const behaves = (simulation: unknown) =>
    town.house.objects.write('acme-datasets', `${folder('23')}simulation.json`, Buffer.from(JSON.stringify(simulation)))

  it('evaluation fails in a way that another attempt may cure: it is tried again by itself, and what was trained is kept', async () => {
    town = await openTown()
    await upload({ simulation: { tasks: { evaluate: nccl } } })
    await town.answered(LANE)
    await town.until('it failed', async () => (await town.lane(LANE)).state === 'failed')
    expect((await town.lane(LANE)).rest).toMatchObject({ why: 'pause', text: expect.stringContaining('nccl-timeout') })
    await behaves({})
    await town.until('it is tried again', async () => (await town.run(LANE))?.attempt === 2, 0.1)
    expect(await town.settled(LANE)).toMatchObject({ state: 'succeeded', generation: 1, attempt: 2, attemptsLeft: 2 })
    const { name } = await town.lane(LANE)
    const made = (await jobs()).map(({ metadata }) => metadata.name.replace(`${name}-`, ''))
    expect(made.sort()).toEqual(['g1a1-evaluate', 'g1a1-train', 'g1a2-evaluate'])
    const [first, second] = await town.past(LANE)
    expect(second?.run).toMatchObject({ asked: 0, question: null })
    expect(second?.run.steps[0]).toMatchObject({
      state: 'done',
      note: 'kept from attempt 1',
      made: {
        ...first?.run.steps[0]?.made,
        result: { key: expect.stringMatching(/-g1a1-train-[a-z0-9]{5}\/result\.json$/) },
      },
    })
    expect(second?.plan?.bounds.dollars).toBeLessThan((first?.plan?.bounds.dollars ?? 0) / 3)
    expect(await registered()).toMatchObject([{ source: expect.stringContaining(`/${name}-g1a1-train-`) }])
    await nothingIsHeld()
  })

  it('training itself fails so: what is left of the approval does not pay for another, so it is asked about again', async () => {
    town = await openTown()
    await upload({ simulation: { tasks: { 'fine-tune': nccl } } })
    await town.answered(LANE)
    await town.until('it failed', async () => (await town.lane(LANE)).state === 'failed')
    const spent = (await town.past(LANE))[0]?.cost ?? 0
    expect(spent).toBeGreaterThan(0)
    await behaves({})
    await town.until('it asks again', async () => (await town.question(LANE)) !== null)
    expect((await town.run(LANE))?.attempt).toBe(2)
    expect(await jobs()).toHaveLength(1)
    await town.answered(LANE)
    expect(await town.settled(LANE)).toMatchObject({ state: 'succeeded', generation: 1, attempt: 2 })
  })

  it('a Job goes a day after its outcome is stored, and not before: Kubernetes is told by the outbox', async () => {
    town = await openTown()
    await upload()
    await town.answered(LANE)
    const ttls = async () => ((await jobs()) as KubeObject<'Job'>[]).map(({ spec }) => spec?.ttlSecondsAfterFinished)
    await town.until('it is evaluated', async () => (await jobs()).length === 2)
    await town.advance(60_000)
    expect(await ttls()).toEqual([undefined, undefined])
    await town.settled(LANE)
    await town.advance(0)
    expect(await ttls()).toEqual([86_400, 86_400])
    await town.advance(25 * 3_600_000)
    expect(await jobs()).toEqual([])
    expect((await town.lane(LANE)).state).toBe('succeeded')
  })

  it('training fails with a log line of 300 KB: what is kept of it is short, wherever it is kept', async () => {
    town = await openTown()
    await upload({ simulation: { exitCode: 1 } })
    const lines = Array.from({ length: 5 }, () => `\u001b[31m${'x'.repeat(300_000)}`)
    vi.spyOn(town.house.ports.cluster, 'logs').mockResolvedValue(lines)
    await town.answered(LANE)
    const { outcome } = await town.settled(LANE)
    expect(outcome).toMatchObject({ reason: 'exit-code', detail: expect.stringContaining('xxx') })
    expect(JSON.stringify(await town.run(LANE)).length).toBeLessThan(20_000)
    for (const { text } of await timeline()) expect(text.length).toBeLessThanOrEqual(2000)
    for (const { card } of await town.house.cards()) expect(card.lines.join('').length).toBeLessThan(5000)
  })

  it('a cluster that refuses the Job at great length: the outcome repeats some of it', async () => {
    town = await openTown()
    await upload()
    const message = `admission webhook denied the request: \u202e${'x\n'.repeat(150_000)}`
    vi.spyOn(town.house.ports.cluster, 'create').mockResolvedValue({ kind: 'denied', status: 403, message })
    await town.answered(LANE)
    const { outcome } = await town.settled(LANE)
    expect(outcome).toMatchObject({ reason: 'denied', detail: expect.stringMatching(/denied the request: x x .*…$/) })
    const { note = '' } = (await town.run(LANE))?.steps[0] ?? {}
    expect(note.length).toBeLessThanOrEqual(300)
    expect(outcome?.detail).toContain(note.slice(0, -1))
    for (const { text } of await timeline()) expect(text.length).toBeLessThanOrEqual(2000)
  })

  it('training measures two thousand things: its note names some, and each of them is kept', async () => {
    town = await openTown()
    const metrics = Object.fromEntries(Array.from({ length: 2000 }, (_, n) => [`loss_${n}`, n]))
    await upload({ simulation: { metrics } })
    await town.answered(LANE)
    await town.until('it was trained', async () => (await town.run(LANE))?.steps[0]?.state === 'done')
    const trained = (await town.run(LANE))?.steps[0]
    expect(trained?.note.length).toBeLessThanOrEqual(300)
    const row = await readRow(town.house.ports.ledger, 'result', resultId(LANE, trained?.result ?? ''))
    expect(row?.value).toMatchObject({ step: 'train', generation: 1, attempt: 1, values: { loss_1999: 1999 } })
    expect(JSON.stringify(await town.lane(LANE)).length).toBeLessThan(8_000)
    for (const { text } of await timeline()) expect(text.length).toBeLessThanOrEqual(2000)
  })

  it('a Job that a person deletes has failed: it is never made a second time', async () => {
    town = await openTown()
    await upload()
    await town.answered(LANE)
    await town.until('the Job is there', async () => (await jobs()).length === 1)
    const [job] = await jobs()
    if (job === undefined) throw new Error('no Job')
    await town.house.cluster.delete(
      { kind: 'Job', namespace: job.metadata.namespace ?? null, name: job.metadata.name },
      job.metadata.uid ?? '',
    )
    expect((await town.settled(LANE)).outcome).toMatchObject({ kind: 'failed', reason: 'deleted' })
    expect(await jobs()).toEqual([])
  })

  it('cancelled in training: its Job is deleted, its hold goes back', async () => {
    town = await openTown()
    await upload()
    await town.answered(LANE)
    await town.until('the Job is there', async () => (await jobs()).length === 1)
    expect(await town.house.command({ kind: 'cancel', lane: LANE, by: ANA })).toMatchObject({ ok: true })
    expect((await town.settled(LANE)).state).toBe('cancelled')
    expect(await jobs()).toEqual([])
    await nothingIsHeld()
  })

  it('frozen before it begins: it waits for the thaw, then goes on without asking again', async () => {
    town = await openTown()
    await upload()
    await town.until('it asks', async () => (await town.question(LANE)) !== null)
    await town.house.command({ kind: 'freeze', lane: LANE, until: town.house.clock.now() + 3_600_000, by: ANA })
    await town.answered(LANE)
    await town.advance(1_800_000)
    expect(await jobs()).toEqual([])
    await town.house.command({ kind: 'thaw', lane: LANE, by: ANA })
    expect((await town.settled(LANE)).state).toBe('succeeded')
  })

  it('`retry` makes another attempt of what was denied', async () => {
    town = await openTown()
    await upload()
    await town.answered(LANE, 'deny')
    await town.settled(LANE)
    expect(await town.house.command({ kind: 'retry', lane: LANE, by: BEN })).toMatchObject({ ok: true })
    await town.answered(LANE)
    expect(await town.settled(LANE)).toMatchObject({ state: 'succeeded', generation: 1, attempt: 2 })
  })

  it('the evaluation’s gate does not hold: nothing is registered', async () => {
    town = await openTown()
    await upload({ simulation: { metrics: { score: 0.41 } } })
    await town.answered(LANE)
    const { outcome } = await town.settled(LANE)
    expect(outcome).toMatchObject({ kind: 'failed', reason: 'gate', detail: expect.stringContaining('score') })
  })

  it('onNewer finish: a newer dataset waits for the one in training; replace stops it', async () => {
    town = await openTown()
    await upload()
    await town.answered(LANE)
    await town.until('the Job is there', async () => (await jobs()).length === 1)
    await town.advance(60_000)
    await upload({ folder: folder('24') })
    expect((await town.run(LANE, 1, 1))?.outcome).toBeNull()
    await town.answered(LANE)
    expect(await town.settled(LANE)).toMatchObject({ state: 'succeeded', generation: 2 })
    expect((await town.run(LANE, 1, 1))?.outcome?.kind).toBe('succeeded')
    await town.close()

    town = await openTown({
      config: {
        ...example,
        pipelines: { 'support-chats': piped({ onNewer: 'replace' }) },
        approvals: { ...example.approvals, autoApproveBelow: 1e9 },
      },
    })
    await upload()
    await town.until('the Job is there', async () => (await jobs()).length === 1)
    await town.advance(60_000)
    await upload({ folder: folder('24') })
    await town.until('it has its way', async () => (await town.run(LANE, 1, 1))?.outcome != null)
    expect((await town.run(LANE, 1, 1))?.outcome?.kind).toBe('superseded')
    expect(await town.settled(LANE)).toMatchObject({ state: 'succeeded', generation: 2 })
  })

  it('a rule that goes from shadow to act: the dataset that is there already is asked about within minutes', async () => {
    const shadow = { 'support-chats': piped({ mode: 'shadow' }) }
    town = await openTown({ config: { ...example, pipelines: shadow } })
    await upload()
    await town.advance(600_000)
    expect(await town.question(LANE)).toBeNull()
    town.setPolicy(example)
    await town.until('it asks', async () => (await town.question(LANE)) !== null, 0.2)
  })

  it('shadow: a full plan with a price is on record, and nothing else happens', async () => {
    town = await openTown({
      config: { ...example, pipelines: { 'support-chats': piped({ mode: 'shadow' }) } },
    })
    await upload()
    await town.advance(3_600_000)
    const [shadow] = await town.house.ports.ledger.list('shadow', { prefix: `${LANE}#` })
    expect(shadow?.value.plan?.price.total.p95).toBeGreaterThan(0)
    expect(await town.lane(LANE)).toMatchObject({ desired: null, run: null })
    expect(await jobs()).toEqual([])
    expect(await town.house.cards()).toEqual([])
  })

  it('the policy changes while it waits: a revoked approver’s yes no longer counts', async () => {
    town = await openTown({ config: { ...example, approvals: { ...example.approvals, need: 2 } } })
    await upload()
    await town.answered(LANE, 'approve', ANA)
    town.setPolicy({
      ...example,
      approvals: {
        ...example.approvals,
        approvers: [
          ...example.approvals.approvers.filter(({ id }) => id !== ANA),
          { id: 'T0SIGNAL/U0CAROL', name: 'carol' },
        ],
        need: 2,
      },
    })
    await town.answered(LANE, 'approve', BEN)
    await town.advance(60_000)
    expect(await jobs()).toEqual([])
  })
})
