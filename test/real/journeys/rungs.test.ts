import { afterEach, describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { rungsOf } from '../../../flows/ladder.ts'
import { meterDoor } from '../../../local/doors.ts'
import { uploadDataset } from '../../../local/scenario.ts'
import { BEN } from '../../journeys/town.ts'
import { nodesOf, until, wants } from '../cluster/karpenter.ts'
import { openRealTown, ownConfig, type RealTown } from '../real-town.ts'

let town: RealTown
afterEach(() => town.close())

const LANE = 'pipeline/support-chats'
let NAME = ''
let POOL = ''
let opened = 0

/** A town whose first node, of which Amazon bills a minute ($0.92) at once, crosses this rung; a run lasts five minutes. */
const climbing = async (rung: 'cap-pools' | 'no-new-runs'): Promise<void> => {
  NAME = `rung-${process.pid}-${opened++}`
  POOL = `${NAME}-gpu-train`
  const own = ownConfig(NAME) as { approvals: object }
  const approvals = { ...own.approvals, autoApproveBelow: 1000 }
  const budget = { name: 'ml-monthly', dollars: 1000, ladder: [{ at: 0.0005, do: rung }] }
  town = await openRealTown({ policy: parsePolicy({ ...own, approvals, budget }), minute: 1000 })
}
const upload = async (name: string, minutes: number): Promise<void> => {
  const simulation = { tasks: { 'fine-tune': { minutes } } }
  await uploadDataset(town.house, {
    bucket: 'acme-datasets',
    folder: `support-chats/${name}/`,
    rows: ['{}'],
    simulation,
  })
  await town.house.scanUploads()
}
const rungs = async () => (await rungsOf(town.house.ports.ledger, town.policy)).map(({ name }) => name)
const crossed = () =>
  town.until('the rung is crossed', async () => {
    await meterDoor(town.house.ports)()
    return (await rungs()).length > 0
  })
const lift = async (rung: string): Promise<void> => {
  expect(await town.house.command({ kind: 'lift', rung, by: BEN, why: 'the demo' })).toMatchObject({ ok: true })
  await town.answered('budget/ml-monthly')
}
const limit = async () => {
  const found = await town.house.cluster.get({ kind: 'NodePool', namespace: null, name: POOL })
  return (found as KubeObject<'NodePool'>).spec?.limits?.['nvidia.com/gpu']
}
const jobs = async () =>
  ((await town.house.cluster.list('Job', { namespace: NAME })) as KubeObject<'Job'>[]).map(
    ({ metadata: { name, uid }, status }) => ({ name, uid, active: status?.active ?? 0 }),
  )

describe('a budget’s rungs, on a real API server with a real Karpenter', () => {
  it('cap-pools lets Karpenter start no node more while what runs goes on, and lifted it starts the one that is waited for', async () => {
    await climbing('cap-pools')
    await upload('a', 300)
    await until('its node', async () => (await nodesOf(town.requests, POOL)).length === 1)
    await town.until('its pod runs', async () => (await jobs()).some(({ active }) => active === 1))
    const before = await jobs()
    expect(await limit()).toBe('16')
    await crossed()
    await town.until('the ceiling falls', async () => (await limit()) === '8')
    const pod = await wants(town.requests, { namespace: NAME, pool: POOL, gpus: 8 })
    const events = `/api/v1/namespaces/${NAME}/events`
    const query = { fieldSelector: `involvedObject.name=${pod}` }
    // Karpenter's own word, so that what has not come yet is not taken for what does not come.
    await until('Karpenter has said that it may not', async () => {
      const { body } = await town.requests.send({ method: 'GET', path: events, query })
      return JSON.stringify(body).includes('limit')
    })
    expect([(await nodesOf(town.requests, POOL)).length, await jobs()]).toEqual([1, before])
    await lift('cap-pools')
    await town.until('the ceiling rises', async () => (await limit()) === '16')
    await until('a second node', async () => (await nodesOf(town.requests, POOL)).length === 2)
    expect(await jobs()).toEqual(before)
  })

  it('no-new-runs lets what runs finish and begins nothing; lifted, what waited begins', async () => {
    await climbing('no-new-runs')
    await upload('a', 30)
    await town.until('its pod runs', async () => (await jobs()).some(({ active }) => active === 1))
    await crossed()
    expect(await town.settled(LANE)).toMatchObject({ state: 'succeeded' })
    const before = (await jobs()).map(({ uid }) => uid)
    await upload('b', 1)
    await town.until('it says why it waits', async () => (await town.lane(LANE)).rest?.why === 'rung')
    expect((await town.house.why(LANE)).text).toContain('no-new-runs')
    expect((await jobs()).map(({ uid }) => uid)).toEqual(before)
    await lift('no-new-runs')
    expect(await town.settled(LANE)).toMatchObject({ state: 'succeeded', generation: 2 })
  })
})
