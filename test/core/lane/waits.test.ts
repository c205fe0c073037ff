import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import type { LaneDocument, Mark, Run } from '../../../core/lane/document.ts'
import { hasNews, laneNameIn, makerOf, standingOf, waitsFor } from '../../../core/lane/waits.ts'
import { jobState } from '../../../core/pods/job-state.ts'

const NAME = 'pipeline-support-chats-0123abcd'
const JOB = `${NAME}-g2a1-train`
const made = {
  ref: { kind: 'Job' as const, namespace: 'training', name: JOB },
  uid: 'u',
  result: { bucket: 'b', key: 'k' },
}
const mark = (over: Partial<Mark>): Mark =>
  ({ name: 'train', kind: 'launch-job', state: 'running', by: 'me', made, note: '', way: 'forth', ...over }) as Mark
const lane = (...steps: Mark[]): Pick<LaneDocument, 'name' | 'run'> => ({
  name: NAME,
  run: { generation: 2, attempt: 1, steps } as unknown as Run,
})
const job = (over: object = {}, metadata: object = {}): KubeObject<'Job'> =>
  ({ kind: 'Job', metadata: { name: JOB, namespace: 'training', uid: 'u', ...metadata }, ...over }) as KubeObject<'Job'>
const ownedBy = (apiVersion: string, kind: string, name: string, { uid = 'u', labels = {} } = {}): KubeObject =>
  ({
    kind: 'Pod',
    metadata: {
      name: 'p',
      namespace: 'training',
      labels,
      ownerReferences: [{ apiVersion, kind, name, uid, controller: true }],
    },
  }) as KubeObject
const pod = (kind: string, name: string, more: { uid?: string; labels?: object } = {}): KubeObject =>
  ownedBy(kind === 'Job' ? 'batch/v1' : 'apps/v1', kind, name, more)

const jobNote = (of: KubeObject<'Job'>): string => jobState(of, []).note

const waits = (doc: Pick<LaneDocument, 'name' | 'run'>, object: KubeObject): boolean => {
  const maker = makerOf(object)
  return maker !== null && waitsFor(doc, maker)
}

describe('a lane waits for', () => {
  it('the Job that it made and its pods, by uid or name', () => {
    expect(waits(lane(mark({})), job())).toBe(true)
    expect(waits(lane(mark({})), pod('Job', JOB))).toBe(true)
    expect(waits(lane(mark({})), job({}, { uid: 'another' }))).toBe(true)
    expect(waits(lane(mark({ made: null })), job({}, { uid: 'unknown yet' }))).toBe(true)
  })

  it('the Deployments and their pods while it rolls out', () => {
    const moving = lane(mark({ name: 'move-1', kind: 'roll-out-model', made: null }))
    expect(waits(moving, { kind: 'Deployment', metadata: { name: `${NAME}-g1` } } as KubeObject)).toBe(true)
    expect(waits(moving, pod('ReplicaSet', `${NAME}-g2-7d4b9`))).toBe(true)
    expect(waits(moving, pod('Deployment', `${NAME}-g2`))).toBe(true)
    expect(waits(lane(mark({})), pod('ReplicaSet', `${NAME}-g2-7d4b9`))).toBe(false)
  })

  it('the same while requests wait to be led, or the end to be told: what is to be ready wakes it', () => {
    const deployment = { kind: 'Deployment', metadata: { name: `${NAME}-g2` } } as KubeObject
    for (const kind of ['switch-traffic', 'notify'] as const) {
      expect(waits(lane(mark({ name: 'one', kind, made: null })), deployment)).toBe(true)
      expect(waits(lane(mark({ name: 'one', kind, made: null, state: 'done' })), deployment)).toBe(false)
      expect(hasNews(lane(mark({ name: 'one', kind, made: null })), standingOf([], []))).toBe(true)
    }
    expect(waits(lane(mark({ name: 'judge', kind: 'check-gate', made: null })), deployment)).toBe(false)
  })

  it('and while its first replica is asked and judged, whose node may be lost meanwhile', () => {
    const moved = mark({ name: 'move-1', kind: 'roll-out-model', state: 'done' })
    const judging = lane(moved, mark({ name: 'gate' }))
    const replica = pod('ReplicaSet', `${NAME}-g2-5d9`)
    expect(waits(judging, replica)).toBe(true)
    expect(waits(lane({ ...moved, by: null }, mark({ name: 'gate' })), replica)).toBe(false)
  })

  it('no pod of what has another group, whatever its kind, name and uid', () => {
    expect(waits(lane(mark({})), ownedBy('batch.volcano.sh/v1alpha1', 'Job', JOB))).toBe(false)
    const moving = lane(mark({ name: 'move-1', kind: 'roll-out-model', made: null }))
    for (const kind of ['Deployment', 'ReplicaSet'])
      expect(waits(moving, ownedBy('apps.kruise.io/v1', kind, `${NAME}-g2-7d4b9`))).toBe(false)
  })

  it('nothing that its labels alone say is its own, nothing of another step, and nothing without a run', () => {
    expect(
      waits(lane(mark({})), {
        ...pod('Job', 'another', { uid: 'v', labels: { 'signalbox.dev/lane': 'pipeline.support-chats' } }),
      }),
    ).toBe(false)
    expect(waits(lane(mark({})), { kind: 'Pod', metadata: { name: JOB } } as KubeObject)).toBe(false)
    expect(waits(lane(mark({ state: 'done' })), job())).toBe(false)
    expect(waits(lane(mark({ by: null, state: 'pending', made: null })), job())).toBe(false)
    expect(waits({ name: NAME, run: null }, job())).toBe(false)
  })
})

it('a name tells the lane that it was minted for', () => {
  expect(laneNameIn({ kind: 'Job', name: JOB })).toBe(NAME)
  expect(laneNameIn({ kind: 'Deployment', name: `${NAME}-g12` })).toBe(NAME)
  expect(laneNameIn({ kind: 'Job', name: 'nightly-backup' })).toBeNull()
  expect(laneNameIn({ kind: 'Deployment', name: NAME })).toBeNull()
})

describe('there is news', () => {
  const standing = (...jobs: KubeObject<'Job'>[]) => standingOf(jobs, [])

  it('when the Job is gone, is another, or a look would say something else', () => {
    expect(hasNews(lane(mark({ note: jobNote(job()) })), standing())).toBe(true)
    expect(hasNews(lane(mark({ note: jobNote(job()) })), standing(job({}, { uid: 'v' })))).toBe(true)
    const complete = job({ status: { conditions: [{ type: 'Complete', status: 'True' }] } })
    expect(hasNews(lane(mark({ note: jobNote(job()) })), standing(complete))).toBe(true)
  })

  it('not when it is as it was written down, and not of what is over', () => {
    expect(hasNews(lane(mark({ note: jobNote(job()) })), standing(job()))).toBe(false)
    expect(hasNews(lane(mark({ state: 'done' })), standing())).toBe(false)
    expect(hasNews({ run: null }, standing())).toBe(false)
  })

  it('always while it rolls out: the lane asks the cluster itself', () => {
    expect(hasNews(lane(mark({ kind: 'roll-out-model', made: null })), standing())).toBe(true)
  })
})
