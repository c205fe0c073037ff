import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Ports, Unavailable } from '../../flows/ports.ts'
import { signSlack } from '../../functions/signatures.ts'
import { uploadDataset } from '../../local/scenario.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { ANA, BEN, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const two = {
  ...example,
  pools: { ...example.pools, 'gpu-train': { ...example.pools['gpu-train'], maxGpus: 8 } },
  pipelines: { 'support-chats': piped(), 'sales-chats': piped({ prefix: 'sales-chats/' }) },
  approvals: { ...example.approvals, autoApproveBelow: 1e9 },
}
const LANES = ['pipeline/support-chats', 'pipeline/sales-chats']
const centsOfPlan = async (lane: string) =>
  Math.ceil(((await town.past(lane)).at(-1)?.plan?.bounds.dollars ?? 0) * 100 - 1e-6)
const upload = async (dataset: string) => {
  await uploadDataset(town.house, { bucket: 'acme-datasets', folder: `${dataset}/a/`, rows: ['{}'] })
  await town.house.scanUploads()
}

describe('two plans want the same last GPUs', () => {
  it('one holds them, the other waits for room and goes on when they are free; never both at once', async () => {
    town = await openTown({ config: two })
    await upload('support-chats')
    await upload('sales-chats')
    const dollars: Record<string, number> = {}
    let most = 0
    const watchGpus = async () => {
      const [gpus, cents] = await Promise.all([town.held('pool/gpu-train'), town.held('budget/ml-monthly')])
      for (const { lanes, sum } of [gpus, cents])
        expect(sum).toBe(Object.values(lanes).reduce((all, amount) => all + amount, 0))
      expect(Object.keys(cents.lanes)).toEqual(Object.keys(gpus.lanes))
      most = Math.max(most, gpus.sum)
      Object.assign(dollars, cents.lanes)
    }
    await town.until('one waits', async () => {
      await watchGpus()
      return (await Promise.all(LANES.map(async (lane) => (await town.run(lane))?.phase))).includes('waiting-for-room')
    })
    expect((await town.lane('pipeline/sales-chats')).rest).toMatchObject({
      why: 'no-room',
      text: expect.stringContaining('0 of 8'),
    })
    await town.until('both are done', async () => {
      await watchGpus()
      return (await Promise.all(LANES.map((lane) => town.lane(lane)))).every(({ state }) => state === 'succeeded')
    })
    expect(most).toBe(8)
    for (const lane of LANES) expect(dollars[lane]).toBe(await centsOfPlan(lane))
    for (const room of ['pool/gpu-train', 'budget/ml-monthly'])
      expect(await town.held(room)).toEqual({ lanes: {}, sum: 0 })
  })

  it('every wake of who waits is lost as the room comes free: a minute later it goes on all the same', async () => {
    let lost = 0
    const wrap = (ports: Ports): Ports => ({
      ...ports,
      queue: {
        wake: async (group, id) => {
          if (group !== 'pool/gpu-train' || !id.startsWith('room.')) return ports.queue.wake(group, id)
          lost++
          throw new Unavailable('SQS does not answer')
        },
      },
    })
    town = await openTown({ config: two, wrap })
    await upload('support-chats')
    await town.until('the first holds', async () => (await town.run('pipeline/support-chats'))?.hold != null)
    await upload('sales-chats')
    const second = () => town.run('pipeline/sales-chats')
    await town.until('the second waits', async () => (await second())?.phase === 'waiting-for-room')
    expect(await town.settled('pipeline/support-chats')).toMatchObject({ state: 'succeeded' })
    const free = town.house.clock.now()
    await town.until('the second goes on', async () => (await second())?.phase === 'steps')
    expect(lost).toBe(3)
    expect(town.house.clock.now() - free).toBeLessThanOrEqual(60_000)
  })

  it('a budget that the second would break refuses it with the numbers', async () => {
    town = await openTown({ config: { ...two, pools: example.pools, budget: { name: 'ml-monthly', dollars: 300 } } })
    await upload('support-chats')
    await town.until('the first holds', async () => (await town.run('pipeline/support-chats'))?.hold != null)
    await upload('sales-chats')
    expect((await town.settled('pipeline/sales-chats')).outcome).toMatchObject({
      kind: 'refused',
      reason: 'budget-exceeded',
      detail: expect.stringContaining('$300.00'),
    })
  })
})

describe('answers that do not count', () => {
  const ask = async (config: unknown = example) => {
    town = await openTown({ config })
    await uploadDataset(town.house, {
      bucket: 'acme-datasets',
      folder: 'support-chats/a/',
      rows: ['{}'],
      requestedBy: BEN,
    })
    await town.house.scanUploads()
    await town.until('it asks', async () => (await town.question('pipeline/support-chats')) !== null)
    return (await town.question('pipeline/support-chats'))?.id ?? ''
  }
  const approve = (question: string, by: string) =>
    town.house.answer(question, { by, verdict: 'approve', reason: null })

  it('by a guest, by who asked, twice, or about nothing: each refused with its reason, counted and shown', async () => {
    const question = await ask({
      ...example,
      approvals: {
        ...example.approvals,
        need: 1,
        approvers: [...example.approvals.approvers, { id: 'T0SIGNAL/U0EVA', name: 'eva' }],
      },
    })
    expect((await approve(question, 'T0SIGNAL/U0GUEST')).body).toMatchObject({ refused: 'not-an-approver' })
    expect((await approve(question, 'T9OTHER/U0APPROVER')).body).toMatchObject({ refused: 'wrong-workspace' })
    expect((await approve(question, BEN)).body).toMatchObject({ refused: 'requester-may-not-approve' })
    expect((await approve('q-none', ANA)).body).toMatchObject({ refused: 'unknown-question' })
    expect((await approve(question, ANA)).body).toMatchObject({ recorded: 'approved' })
    expect((await approve(question, ANA)).body).toMatchObject({ refused: 'question-closed' })
    expect(await town.house.ports.ledger.counts()).toMatchObject({
      'refused:not-an-approver': 1,
      'refused:wrong-workspace': 1,
      'refused:requester-may-not-approve': 1,
    })
  })

  it('after expiry, though its question is still open', async () => {
    const question = await ask()
    const { until = 0 } = (await town.question('pipeline/support-chats')) ?? {}
    await town.advance(until + 1 - town.house.clock.now())
    expect((await town.question('pipeline/support-chats'))?.id).toBe(question)
    expect((await approve(question, ANA)).body).toMatchObject({ refused: 'too-late' })
    expect(await town.settled('pipeline/support-chats')).toMatchObject({ state: 'expired' })
  })

  it('in the last moment, though nobody read it before the question’s end: it counts by its own time', async () => {
    const question = await ask()
    const { until = 0 } = (await town.question('pipeline/support-chats')) ?? {}
    await town.advance(until - town.house.clock.now())
    const wake = vi.spyOn(town.house.ports.queue, 'wake').mockRejectedValue(new Unavailable('SQS does not answer'))
    expect(await approve(question, ANA)).toMatchObject({ status: 202, body: { lane: 'pipeline/support-chats' } })
    wake.mockRestore()
    expect(await town.settled('pipeline/support-chats')).toMatchObject({ state: 'succeeded' })
  })

  it('forged or stale requests are refused before anything is read', async () => {
    const question = await ask()
    const body = Buffer.from(
      `payload=${encodeURIComponent(JSON.stringify({ type: 'block_actions', team: { id: 'T0SIGNAL' }, user: { id: 'U0APPROVER' }, actions: [{ action_id: 'approve', value: question, action_ts: '1' }] }))}`,
    )
    const now = town.house.clock.now()
    expect(
      await town.house.webhook('slack', { headers: signSlack({ secret: 'guessed', body, now }), body }),
    ).toMatchObject({ status: 401, body: { refused: 'bad-signature' } })
    expect(
      await town.house.webhook('slack', {
        headers: signSlack({ secret: 'test-signing-secret', body, now: now - 400_000 }),
        body,
      }),
    ).toMatchObject({ status: 401, body: { refused: 'stale-signature' } })
    expect((await town.question('pipeline/support-chats'))?.votes).toEqual([])
    expect(await town.house.ports.ledger.list('order', { prefix: 'pipeline/support-chats#' })).toEqual([])
  })
})
