import { afterEach, describe, expect, it } from 'vitest'
import { type Ports, Unavailable } from '../../flows/ports.ts'
import { signSlack } from '../../functions/signatures.ts'
import { uploadDataset } from '../../local/scenario.ts'
import example from '../../signalbox.config.ts'
import { ANA, BEN, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const chats = example.datasets?.['support-chats']
const two = {
  ...example,
  pools: { ...example.pools, 'gpu-train': { ...example.pools['gpu-train'], maxGpus: 8 } },
  datasets: { 'support-chats': chats, 'sales-chats': { ...chats, prefix: 'sales-chats/' } },
  approvals: { ...example.approvals, autoApproveBelow: 1e9 },
}
const upload = async (dataset: string) => {
  await uploadDataset(town.house, { bucket: 'acme-datasets', folder: `${dataset}/a/`, rows: ['{}'] })
  await town.house.scanUploads()
}

describe('two plans want the same last GPUs', () => {
  it('one holds them, the other waits for room and goes on when they are free; never both at once', async () => {
    town = await openTown({ config: two })
    await upload('support-chats')
    await upload('sales-chats')
    let most = 0
    const watchGpus = async () => {
      const row = (await town.house.ports.ledger.read('pool', 'gpu-train'))?.value
      most = Math.max(
        most,
        Object.values(row?.holds ?? {}).reduce((sum, { gpus }) => sum + gpus, 0),
      )
      return ['train/support-chats', 'train/sales-chats']
    }
    await town.until('one waits', async () => {
      const lanes = await watchGpus()
      const stages = await Promise.all(lanes.map(async (lane) => (await town.run(lane))?.stage))
      return stages.includes('waiting-for-room')
    })
    await town.until('both are done', async () => {
      const lanes = await watchGpus()
      return (await Promise.all(lanes.map((lane) => town.lane(lane)))).every(({ state }) => state === 'succeeded')
    })
    expect(most).toBe(8)
  })

  it('the bell of who waits is rung again when it was lost as the room came free', async () => {
    let lost = 0
    const wrap = (ports: Ports): Ports => ({
      ...ports,
      workflow: {
        ...ports.workflow,
        ring: async (bell) => {
          // The first bell after the commit by which the room came free.
          const { state } = await town.lane('train/support-chats')
          if (state !== 'succeeded' || lost > 0) return ports.workflow.ring(bell)
          lost++
          throw new Unavailable('ringing a bell: TooManyRequestsException')
        },
      },
    })
    town = await openTown({ config: two, wrap })
    await upload('support-chats')
    await town.until('the first holds', async () => (await town.run('train/support-chats'))?.hold != null)
    await upload('sales-chats')
    const second = () => town.run('train/sales-chats')
    await town.until('the second waits', async () => (await second())?.stage === 'waiting-for-room')
    expect(await town.settled('train/support-chats')).toMatchObject({ state: 'succeeded' })
    const free = town.house.clock.now()
    await town.until('the second goes on', async () => (await second())?.stage === 'carrying-out')
    expect(lost).toBe(1)
    expect(town.house.clock.now() - free).toBeLessThan(60_000)
  })

  it('a budget that the second would break refuses it with the numbers', async () => {
    town = await openTown({ config: { ...two, pools: example.pools, budget: { name: 'ml-monthly', dollars: 200 } } })
    await upload('support-chats')
    await town.until('the first holds', async () => (await town.run('train/support-chats'))?.hold != null)
    await upload('sales-chats')
    expect((await town.settled('train/sales-chats')).outcome).toMatchObject({
      kind: 'refused',
      reason: 'budget-exceeded',
      detail: expect.stringContaining('200'),
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
    await town.until('it asks', async () => (await town.question('train/support-chats')) !== null)
    return (await town.question('train/support-chats'))?.id ?? ''
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

  it('after expiry, though the question’s row is still open', async () => {
    const question = await ask()
    const row = (await town.house.ports.ledger.read('answer', question))?.value
    town.house.close()
    await town.reopen()
    const late = (row?.until ?? 0) + 1 - town.house.clock.now()
    ;(town.house.clock as unknown as { set(ms: number): void }).set(town.house.clock.now() + late)
    expect((await approve(question, ANA)).body).toMatchObject({ refused: 'too-late' })
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
    expect((await town.house.ports.ledger.read('answer', question))?.value.votes).toEqual([])
  })
})
