import { afterEach, describe, expect, it } from 'vitest'
import { reactions } from '../../core/reactions/catalogue.ts'
import { type Ports, Unavailable } from '../../flows/ports.ts'
import { resync } from '../../flows/resync.ts'
import { uploadDataset } from '../../local/scenario.ts'
import config from '../example.ts'
import { piped } from '../variants.ts'
import { ANA, openTown, type Town } from './town.ts'

const LANE = 'pipeline/support-chats'
const GROUP = 'T0SIGNAL/S0GPUOPS'
const EVE = 'T0SIGNAL/U0EVE'
const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** Slack as people are in its user group; null while it cannot be asked. */
const slack = (members: string[] | null) => {
  const state = { members, posts: true, asked: 0 }
  const wrap = (ports: Ports): Ports => ({
    ...ports,
    chat: {
      ...ports.chat,
      members: async (group) => {
        state.asked++
        if (state.members === null) throw new Unavailable('Slack usergroups.users.list: it answers 503')
        return group === GROUP ? state.members : []
      },
      post: async (channel, key, card) => {
        if (!state.posts) throw new Unavailable('Slack chat.postMessage: it answers 503')
        return ports.chat.post(channel, key, card)
      },
    },
  })
  return { state, wrap }
}

let town: Town
afterEach(() => town.close())
const open = async (wrap: (ports: Ports) => Ports): Promise<void> => {
  const approvals = { ...config.approvals, approvers: [{ id: GROUP, name: 'GPU ops' }] }
  town = await openTown({ config: { ...config, approvals }, wrap })
  await uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'support-chats/a/', rows: ['{"q":1}'] })
  await town.house.scanUploads()
  await town.until('it asks', async () => (await town.question(LANE)) !== null)
}
const press = async (by: string): Promise<unknown> => {
  const { id = '' } = (await town.question(LANE)) ?? {}
  return (await town.house.answer(id, { by, verdict: 'approve', reason: null })).body
}

describe('approvers by Slack user group', () => {
  it('a member approves without anybody asking Slack on the way; who is not in it is refused', async () => {
    const { state, wrap } = slack([EVE])
    await open(wrap)
    // So that what is approved does not begin at once: beginning asks again.
    await town.house.command({ kind: 'freeze', lane: LANE, until: town.house.clock.now() + HOUR, by: EVE })
    const { asked } = state
    expect(await press('T0SIGNAL/U0MALLORY')).toMatchObject({ refused: 'not-an-approver' })
    expect(await press(EVE)).toMatchObject({ recorded: 'approved' })
    expect(state.asked).toBe(asked)
    await town.house.command({ kind: 'thaw', lane: LANE, by: EVE })
    await town.until('it has begun', async () => (await town.run(LANE))?.phase === 'steps')
    expect(state.asked).toBe(asked + 1)
    expect(await town.settled(LANE)).toMatchObject({ state: 'succeeded' })
  })

  it('who left the group since may not: resync reads it again', async () => {
    const { state, wrap } = slack([EVE])
    await open(wrap)
    state.members = []
    await town.advance(5 * MINUTE)
    await resync(town.house.ports, reactions)
    expect(await press(EVE)).toMatchObject({ refused: 'not-an-approver' })
  })

  it('who left the group between approving and beginning: it asks again', async () => {
    const { state, wrap } = slack([EVE])
    await open(wrap)
    state.members = ['T0SIGNAL/U0MALLORY']
    expect(await press(EVE)).toMatchObject({ recorded: 'approved' })
    await town.until('it asks again', async () => (await town.question(LANE)) !== null)
    expect((await town.house.cluster.list('Job')).length).toBe(0)
  })

  it('an approved plan waits for hours while Slack does not say who is in the group, and begins when it does', async () => {
    const { state, wrap } = slack([EVE])
    await open(wrap)
    // So that it is approved now and begins when nobody knows any more who is in the group.
    await town.house.command({ kind: 'freeze', lane: LANE, until: town.house.clock.now() + 20 * MINUTE, by: EVE })
    expect(await press(EVE)).toMatchObject({ recorded: 'approved' })
    state.members = null
    const { asked } = state
    await town.advance(150 * MINUTE)
    // Resync every five minutes, and the lane with pauses that grow to five minutes.
    expect(state.asked - asked).toBeLessThan(30 + 26 + 8)
    expect(await town.lane(LANE)).toMatchObject({
      state: 'wanted',
      attempt: 1,
      rest: { why: 'unavailable', side: 'chat', text: expect.stringContaining('usergroups.users.list') },
    })
    expect((await town.house.cluster.list('Job')).length).toBe(0)
    state.members = [EVE]
    expect(await town.settled(LANE)).toMatchObject({ state: 'succeeded', attempt: 1 })
  })

  it('a group that cannot be read is told by resync', async () => {
    const { state, wrap } = slack([EVE])
    await open(wrap)
    state.members = null
    await expect(resync(town.house.ports, reactions)).rejects.toThrow('usergroups.users.list')
  })

  it('while Slack cannot be asked, what it said holds for a quarter of an hour, and then nobody is a member', async () => {
    const { state, wrap } = slack([EVE])
    await open(wrap)
    state.members = null
    await town.advance(16 * MINUTE)
    expect(await press(EVE)).toMatchObject({ refused: 'group-unreadable' })
    state.members = [EVE]
    await resync(town.house.ports, reactions)
    expect(await press(EVE)).toMatchObject({ recorded: 'approved' })
  })
})

it('a chat that cannot be asked holds up neither who answers nor what was approved', async () => {
  const { state, wrap } = slack([EVE])
  await open(wrap)
  state.posts = false
  expect(await press(EVE)).toMatchObject({ recorded: 'approved' })
  expect(await town.settled(LANE)).toMatchObject({ state: 'succeeded' })
})

it('Slack does not answer as GPUs are granted: they go back within minutes, and who stands behind goes on', async () => {
  const { state, wrap } = slack([EVE])
  const stage = (name: string, gpus: number) => piped({ prefix: `${name}/`, train: { gpus } })
  const approvals = { ...config.approvals, approvers: [GROUP, ANA].map((id) => ({ id, name: id })) }
  town = await openTown({
    config: {
      ...config,
      approvals,
      pools: { ...config.pools, 'gpu-train': { ...config.pools['gpu-train'], maxGpus: 8 } },
      pipelines: { first: stage('first', 4), large: stage('large', 8), small: stage('small', 4) },
    },
    wrap,
  })
  for (const name of ['first', 'large', 'small']) {
    await uploadDataset(town.house, { bucket: 'acme-datasets', folder: `${name}/a/`, rows: ['{}'] })
    await town.house.scanUploads()
    await town.advance(MINUTE)
    await town.answered(`pipeline/${name}`, 'approve', name === 'large' ? EVE : ANA)
  }
  const phaseOf = async (name: string) => (await town.run(`pipeline/${name}`))?.phase
  await town.advance(MINUTE)
  expect([await phaseOf('large'), await phaseOf('small')]).toEqual(['waiting-for-room', 'waiting-for-room'])
  state.members = null
  const granted = async () => (await town.held('pool/gpu-train')).lanes['pipeline/large'] === 8
  await town.until('it is granted', granted)
  await town.advance(6 * MINUTE)
  expect([await granted(), await phaseOf('small')]).toEqual([false, 'steps'])
  state.members = [EVE]
  await town.settled('pipeline/large')
  expect((await town.lane('pipeline/large')).state).toBe('succeeded')
})
