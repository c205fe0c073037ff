import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../../core/kube.ts'
import type { Mark } from '../../../../core/lane/document.ts'
import { label } from '../../../../core/names.ts'
import type { RollOutModelStep } from '../../../../core/plan.ts'
import { rollOutModel } from '../../../../flows/acts/steps/roll-out-model.ts'
import type { WorkPorts } from '../../../../flows/ports.ts'
import { docOf, MINUTE, NOW, planRow, running, runOf, SERVICE, viewOf } from '../../../core/lane/fixture.ts'

const doc = docOf({ lane: SERVICE, run: runOf({ phase: 'back' }) })
const refOf = (generation: number) => ({
  kind: 'Deployment' as const,
  namespace: 'serving',
  name: `${doc.name}-g${generation}`,
})
const step: RollOutModelStep = {
  kind: 'roll-out-model',
  name: 'back-1',
  title: 'Take v2 away',
  why: '',
  objects: [],
  loadMinutes: 15,
  brings: null,
  point: { old: 2, new: 0 },
  replicas: [
    { ref: refOf(2), generation: 2, replicas: 0, replicasReady: 0 },
    { ref: refOf(1), generation: 1, replicas: 2, replicasReady: 2 },
  ],
}

interface Over {
  conflicts?: number
  standing?: KubeObject[]
}

/** Begins the move where these generations' Deployments are there; answers it with the names of what was touched. */
const taskOf = (there: number[], way: 'forth' | 'back', { conflicts, standing = [] }: Over = {}) => {
  const touched: string[] = []
  const cluster = {
    list: async (kind: string) => standing.filter((one) => one.kind === kind),
    get: async ({ name }: { name: string }) =>
      there.some((generation) => name === refOf(generation).name) ? ({ metadata: { name } } as KubeObject) : null,
    apply: async (object: KubeObject) => {
      if (conflicts !== undefined && object.metadata.name === refOf(conflicts).name)
        return { kind: 'conflict', manager: 'kubectl', fields: ['.spec.replicas'] }
      touched.push(object.metadata.name)
      return { kind: 'applied', object }
    },
  }
  const ports = { cluster, clock: { now: () => NOW } } as unknown as WorkPorts
  const mark = running({ name: 'back-1', kind: 'roll-out-model', way })
  // Forth, what stands at the end is generation 2.
  const last = { ...step, replicas: step.replicas.map((one) => ({ ...one, replicas: one.generation === 2 ? 2 : 0 })) }
  const plan = { plan: { ...planRow.plan, steps: [step, last] }, back: [step] }
  const view = viewOf({ doc, plan })
  const run = runOf({ phase: 'steps', steps: [running()] })
  const task = { ports, view, step, mark, run, key: { lane: SERVICE, generation: 2, attempt: 1 }, plan: plan.plan }
  return { task, touched }
}

const begun = async (...given: Parameters<typeof taskOf>) => {
  const { task, touched } = taskOf(...given)
  return { stepped: await rollOutModel.begin(task), touched }
}

describe('a move looks before it touches', () => {
  it('where what is to stand at its end is gone, nothing goes for it', async () => {
    expect(await begun([2], 'back')).toMatchObject({
      stepped: { kind: 'failed', reason: 'deleted', note: expect.stringContaining('generation 1 is gone') },
      touched: [],
    })
    expect((await begun([1, 2], 'back')).touched).toEqual([refOf(1).name, refOf(2).name])
  })

  it('where what is to stand at its end is somebody else’s, nothing goes for it', async () => {
    expect(await begun([1, 2], 'back', { conflicts: 1 })).toMatchObject({
      stepped: {
        kind: 'failed',
        reason: 'conflict',
        note: expect.stringContaining('kubectl also sets .spec.replicas'),
      },
      touched: [],
    })
  })

  it('where nothing of what takes its place is ready, nothing is touched, and it is looked at again until it may be', async () => {
    const deployment = (generation: number, replicas: number, ready: number) =>
      ({
        kind: 'Deployment',
        metadata: { name: refOf(generation).name, labels: { [label('generation')]: String(generation) } },
        spec: { replicas, template: { spec: { containers: [] } } },
        status: { readyReplicas: ready, updatedReplicas: ready },
      }) as unknown as KubeObject
    const waiting = { conflicts: 1, standing: [deployment(1, 2, 0), deployment(2, 1, 1)] }
    const note = 'none of generation 1 is ready: generation 2 stays as it is'
    expect(await begun([1, 2], 'back', waiting)).toEqual({
      stepped: { kind: 'begun', made: null, note, waits: true },
      touched: [],
    })
    const seen = async (startedAt: number, ready: number, steps: Mark[] = []) => {
      const standing = [deployment(1, 2, ready), deployment(2, 1, 1)]
      const { task, touched } = taskOf([1, 2], 'back', { standing })
      const mark = { ...task.mark, touched: true, waits: true as const, startedAt }
      return { ...(await rollOutModel.see({ ...task, mark, run: runOf({ steps }) })), touched }
    }
    expect(await seen(NOW, 0)).toMatchObject({ kind: 'wait', note, touched: [] })
    expect(await seen(NOW - 66 * MINUTE, 0)).toMatchObject({ kind: 'failed', reason: 'not-healthy', touched: [] })
    expect(await seen(NOW, 1)).toEqual({ kind: 'free', touched: [] })
    // Another move back has waited in vain as long: this one looks once.
    const before = running({ way: 'back', state: 'failed', startedAt: NOW - 67 * MINUTE, endedAt: NOW - MINUTE })
    expect(await seen(NOW, 0, [before])).toMatchObject({ kind: 'failed', reason: 'not-healthy', touched: [] })
    expect(await seen(NOW, 1, [before])).toEqual({ kind: 'free', touched: [] })
  })

  it('what alone answers goes for no outage that only a plan names which never began', async () => {
    const none = { ...step, replicas: step.replicas.map((one) => ({ ...one, replicas: 0, replicasReady: 0 })) }
    const answers = {
      kind: 'Deployment',
      metadata: { name: refOf(2).name, labels: { [label('generation')]: '2' } },
      spec: { replicas: 1, template: { spec: { containers: [] } } },
      status: { readyReplicas: 1, updatedReplicas: 1 },
    } as unknown as KubeObject
    const goes = async (by: string | null) => {
      const { task, touched } = taskOf([1, 2], 'back', { standing: [answers] })
      const plan = { ...task.plan, steps: [none, ...task.plan.steps] }
      const view = { ...task.view, plan: { plan, back: [none, { ...step, name: 'back-2' }] } }
      const run = runOf({ phase: 'back', steps: [running({ by })] })
      const stepped = await rollOutModel.begin({ ...task, step: none, plan, view, run })
      return { note: 'note' in stepped ? stepped.note : '', touched }
    }
    expect(await goes(null)).toEqual({ note: 'nothing else is ready: generation 2 stays as it is', touched: [] })
    expect((await goes('me')).touched).toContain(refOf(2).name)
  })

  it('what was to leave and is gone is passed over', async () => {
    expect(await begun([2], 'forth')).toMatchObject({ stepped: { kind: 'begun' }, touched: [refOf(2).name] })
  })

  it('for which others wait first makes those, and takes nothing away before their pods are there', async () => {
    const deployment = (generation: number, replicas: number, made: number, why?: string) =>
      ({
        kind: 'Deployment',
        metadata: { name: refOf(generation).name, labels: { [label('generation')]: String(generation) } },
        spec: { replicas, template: { spec: { containers: [] } } },
        status: {
          updatedReplicas: made,
          readyReplicas: made,
          conditions: why === undefined ? [] : [{ type: 'ReplicaFailure', status: 'True', message: why }],
        },
      }) as unknown as KubeObject
    const waits = {
      ...step,
      replicas: [
        { ref: refOf(2), generation: 2, replicas: 0, replicasReady: 0 },
        { ref: refOf(1), generation: 1, replicas: 1, replicasReady: 0, waits: true as const },
      ],
    }
    const standing = (made: number, why?: string) => [deployment(1, 1, made, why), deployment(2, 1, 1)]
    const act = async (
      there: KubeObject[],
      more: Partial<Mark> | null,
      now = 0,
      { outage = true, ...begins }: Partial<Mark> & { outage?: boolean } = {},
    ) => {
      const { task, touched } = taskOf([1, 2], 'back', { standing: there })
      const way = [waits, { ...step, name: 'back-2' }]
      const view = { ...task.view, plan: { ...task.view.plan, back: way } } as typeof task.view
      const mark = { ...task.mark, ...begins, ...more, markedAt: NOW - now, startedAt: more?.startedAt ?? NOW - now }
      // An outage was approved.
      const none = { ...step, replicas: step.replicas.map((one) => ({ ...one, replicas: 0 })) }
      const plan = outage ? { ...task.plan, steps: [none] } : task.plan
      const done = { ...task, view, step: waits, mark, plan }
      return { ...(await (more === null ? rollOutModel.begin(done) : rollOutModel.see(done))), touched }
    }
    const note = 'generation 1: its pods are not there yet'
    expect(await act(standing(0), null)).toEqual({
      kind: 'begun',
      made: null,
      note,
      waits: 'pods',
      touched: [refOf(1).name],
    })
    const seen = { touched: true, waits: 'pods' } as const
    // What waited to touch anything at all begins with these now.
    expect(await act(standing(0), { touched: true, waits: true })).toEqual({ kind: 'free', touched: [] })
    expect(await act(standing(0, 'exceeded quota'), seen)).toMatchObject({
      kind: 'wait',
      note: `${note}; its pods are not made: exceeded quota`,
    })
    // What was scaled a moment ago says nothing yet of what it has: its patience may be used up by those before it.
    expect(await act(standing(0), { ...seen, startedAt: 0 }, MINUTE - 1, { outage: false })).toMatchObject({
      kind: 'wait',
      note: expect.stringContaining('stays as it is'),
    })
    expect(await act(standing(0), { ...seen, startedAt: 0 }, MINUTE, { outage: false })).toMatchObject({
      kind: 'failed',
    })
    // What leaves on the way back answers nobody: it goes a minute later at the latest.
    expect(await act(standing(0), seen, MINUTE - 1)).toMatchObject({ kind: 'wait' })
    expect(await act(standing(0), seen, MINUTE)).toEqual({ kind: 'free', touched: [] })
    expect(await act(standing(0), null, 0, { waits: 'pods' })).toMatchObject({
      note: 'applied',
      touched: [refOf(1).name, refOf(2).name],
    })
    expect(await act(standing(0).slice(1), seen, 66 * MINUTE)).toMatchObject({ kind: 'failed', reason: 'deleted' })
    expect(await act(standing(1), seen)).toEqual({ kind: 'free', touched: [] })
    expect(await act(standing(1), null)).toMatchObject({ note: 'applied', touched: [refOf(1).name, refOf(2).name] })
  })
})

it('a move whose pods waited for its room sees these, however long ago they were made', async () => {
  const name = refOf(1).name
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${name}-abc`, uid: 'u', controller: true }
  const pod = {
    kind: 'Pod',
    metadata: {
      name: `${name}-abc-1`,
      labels: { [label('generation')]: '1' },
      creationTimestamp: new Date(NOW - 30 * MINUTE),
      ownerReferences: [owner],
    },
    spec: { nodeName: 'n', containers: [] },
    status: { phase: 'Running' },
  } as unknown as KubeObject
  const isSeenToRun = async (waits: boolean): Promise<unknown> => {
    const { task } = taskOf([1, 2], 'back', { standing: [pod] })
    const target = { ref: refOf(1), generation: 1, replicas: 1, replicasReady: 1 }
    const leaves = { ...step, replicas: [waits ? { ...target, replicasReady: 0, waits } : target] }
    const comes = { ...step, name: 'back-2', brings: 1, replicas: [target] }
    const view = { ...task.view, plan: { ...task.view.plan, back: [leaves, comes] } } as typeof task.view
    const before = running({ name: 'back-1', way: 'back', state: 'done', startedAt: NOW - 31 * MINUTE })
    const mark = { ...task.mark, name: 'back-2', touched: true, startedAt: NOW - MINUTE }
    const seen = await rollOutModel.see({ ...task, view, step: comes, mark, run: runOf({ steps: [before, mark] }) })
    return seen.kind === 'wait' && seen.running
  }
  expect([await isSeenToRun(true), await isSeenToRun(false)]).toEqual([true, false])
})
