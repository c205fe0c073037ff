import { afterEach, describe, expect, it, vi } from 'vitest'
import { uploadDataset } from '../../local/scenario.ts'
import example from '../../signalbox.config.ts'
import { ANA, BEN, openTown, type Town } from './town.ts'

const LANE = 'train/support-chats'
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
const jobs = async () => town.house.cluster.list('Job')
const timeline = async () => (await town.house.ports.ledger.moments(LANE, { limit: 200 })).reverse()

afterEach(() => town.close())

describe('a dataset is uploaded', () => {
  it('approved: trained, evaluated, registered, told; one Job a step', async () => {
    town = await openTown()
    await upload()
    await town.answered(LANE)
    expect(await town.settled(LANE)).toMatchObject({ state: 'succeeded', generation: 1, attempt: 1, holder: null })
    const run = await town.run(LANE)
    expect(run?.steps.map(({ name, state }) => [name, state])).toEqual([
      ['train', 'done'],
      ['evaluate', 'done'],
      ['judge', 'done'],
      ['register', 'done'],
      ['notify', 'done'],
    ])
    expect(await jobs()).toHaveLength(2)
    expect(await town.house.registry.findByTag('support-llama', 'signalbox.dev/plan', run?.id ?? '')).toMatchObject({
      version: '1',
    })
    expect(run?.hold).toBeNull()
    expect((await town.house.ports.ledger.read('pool', 'gpu-train'))?.value.holds).toEqual({})
    expect(run?.cost).toBeGreaterThan(0)
    expect((await timeline()).map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['event', 'facts', 'decision', 'plan', 'answer', 'hold', 'step', 'outcome']),
    )
  })

  it('denied at great length: the outcome repeats some of it, the vote all', async () => {
    town = await openTown()
    await upload()
    const reason = 'too expensive\n'.repeat(200)
    await town.answered(LANE, 'deny', BEN, reason)
    const { outcome } = await town.settled(LANE)
    expect(outcome?.detail).toMatch(/^denied by .*: too expensive too expensive .*…$/)
    expect(outcome?.detail.length).toBeLessThanOrEqual(2000)
    const run = await town.run(LANE)
    expect((await town.house.ports.ledger.read('answer', run?.answer ?? ''))?.value.votes[0]?.reason).toContain(
      reason.trim(),
    )
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
    const sample = {
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
    }
    for (let n = 0; n < 5; n++)
      expect(await town.house.deliver(sample)).toMatchObject({ kind: 'ignored', reason: 'already-done' })
    expect(await jobs()).toHaveLength(2)
  })

  it('a manifest whose objects are not all there waits, says what is missing, and goes on when they are', async () => {
    town = await openTown()
    await upload({ leaveOut: [1] })
    expect((await town.lane(LANE)).waiting?.detail).toContain('part-1.jsonl')
    await town.house.objects.write('acme-datasets', `${folder('23')}part-1.jsonl`, Buffer.from('{"q":2}'))
    await town.answered(LANE)
    expect((await town.settled(LANE)).state).toBe('succeeded')
  })

  it('a manifest that stays incomplete is given up at its deadline', async () => {
    town = await openTown()
    await upload({ leaveOut: [0, 1] })
    await town.advance(2 * 3_600_000)
    expect(await town.lane(LANE)).toMatchObject({ waiting: null, generation: 0 })
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

  it('training fails with a log line of 300 KB: what is kept of it is short, wherever it is kept', async () => {
    town = await openTown()
    await upload({ simulation: { exitCode: 1 } })
    const lines = Array.from({ length: 5 }, () => `\u001b[31m${'x'.repeat(300_000)}`)
    vi.spyOn(town.house.ports.cluster, 'logs').mockResolvedValue(lines)
    await town.answered(LANE)
    const { outcome } = await town.settled(LANE)
    expect(outcome).toMatchObject({ reason: 'exit-code', detail: expect.stringContaining('xxx') })
    expect(JSON.stringify(await town.run(LANE)).length).toBeLessThan(20_000)
    for (const { text } of await timeline()) expect(text.length).toBeLessThan(1100)
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
    expect((await town.run(LANE))?.steps[0]?.note).toBe(outcome?.detail)
    for (const { text } of await timeline()) expect(text.length).toBeLessThan(1100)
  })

  it('training measures two thousand things: its note names some, and each of them is kept', async () => {
    town = await openTown()
    const metrics = Object.fromEntries(Array.from({ length: 2000 }, (_, n) => [`loss_${n}`, n]))
    await upload({ simulation: { metrics } })
    await town.answered(LANE)
    await town.until('it was trained', async () => (await town.run(LANE))?.steps[0]?.state === 'done')
    const trained = (await town.run(LANE))?.steps[0]
    expect(trained?.note.length).toBeLessThanOrEqual(1000)
    expect(trained?.result).toMatchObject({ loss_1999: 1999 })
    for (const { text } of await timeline()) expect(text.length).toBeLessThan(1100)
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
    expect((await town.house.ports.ledger.read('pool', 'gpu-train'))?.value.holds).toEqual({})
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
        datasets: { 'support-chats': { ...example.datasets?.['support-chats'], onNewer: 'replace' } },
      },
    })
    await upload()
    await town.answered(LANE)
    await town.until('the Job is there', async () => (await jobs()).length === 1)
    await town.advance(60_000)
    await upload({ folder: folder('24') })
    await town.answered(LANE)
    expect((await town.run(LANE, 1, 1))?.outcome?.kind).toBe('superseded')
    expect(await town.settled(LANE)).toMatchObject({ state: 'succeeded', generation: 2 })
  })

  it('a rule that goes from shadow to act: the dataset that is there already is asked about within minutes', async () => {
    const shadow = { 'support-chats': { ...example.datasets?.['support-chats'], mode: 'shadow' } }
    town = await openTown({ config: { ...example, datasets: shadow } })
    await upload()
    await town.advance(600_000)
    expect(await town.question(LANE)).toBeNull()
    town.setPolicy(example)
    await town.until('it asks', async () => (await town.question(LANE)) !== null, 0.2)
  })

  it('shadow: a full plan with a price is on record, and nothing else happens', async () => {
    town = await openTown({
      config: { ...example, datasets: { 'support-chats': { ...example.datasets?.['support-chats'], mode: 'shadow' } } },
    })
    await upload()
    await town.advance(3_600_000)
    const [shadow] = await town.house.ports.ledger.list('shadow')
    expect(shadow?.value.plan?.price.total.p95).toBeGreaterThan(0)
    expect(await town.house.ports.ledger.read('lane', LANE)).toBeNull()
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
        approvers: example.approvals.approvers.filter(({ id }) => id !== ANA),
        need: 1,
      },
    })
    await town.answered(LANE, 'approve', BEN)
    await town.advance(60_000)
    expect(await jobs()).toEqual([])
  })
})
