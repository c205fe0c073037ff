import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../../core/kube.ts'
import type { Mark } from '../../../../core/lane/document.ts'
import { label } from '../../../../core/names.ts'
import type { RollOutModelStep } from '../../../../core/plan.ts'
import { rollOutModel } from '../../../../flows/acts/steps/roll-out-model.ts'
import type { WorkPorts } from '../../../../flows/ports.ts'
import { docOf, MINUTE, NOW, planRow, running, runOf, SERVICE, viewOf } from '../../../core/lane/fixture.ts'

const doc = docOf({ lane: SERVICE, run: runOf() })
const nameOf = (generation: number): string => `${doc.name}-g${generation}`
const targetOf = (generation: number, replicas: number, replicasReady = replicas) => ({
  ref: { kind: 'Deployment' as const, namespace: 'serving', name: nameOf(generation) },
  generation,
  replicas,
  replicasReady,
})
/** One replica of four GPUs on a full pool: the second waits before the first goes. */
const leaves: RollOutModelStep = {
  kind: 'roll-out-model',
  name: 'move-1',
  title: 'Take v1 away',
  why: '',
  objects: [],
  loadMinutes: 15,
  brings: null,
  point: { old: 0, new: 0 },
  replicas: [targetOf(1, 0), { ...targetOf(2, 1, 0), waits: true }],
}
const comes: RollOutModelStep = { ...leaves, name: 'move-2', replicas: [targetOf(1, 0), targetOf(2, 1)] }
const FENCE = 7

const deployment = (generation: number, replicas: number, ready: number, said?: string) =>
  ({
    kind: 'Deployment',
    metadata: {
      name: nameOf(generation),
      labels: { [label('generation')]: String(generation) },
      annotations: { [label('fence-scale')]: String(generation === 2 ? FENCE : 1) },
    },
    spec: { replicas, template: { spec: { containers: [] } } },
    status: {
      updatedReplicas: ready,
      readyReplicas: ready,
      conditions: said === undefined ? [] : [{ type: 'ReplicaFailure', status: 'True', message: said }],
    },
  }) as unknown as KubeObject
const pod = {
  kind: 'Pod',
  metadata: {
    name: `${nameOf(1)}-abc-1`,
    labels: { [label('generation')]: '1' },
    ownerReferences: [
      { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${nameOf(1)}-abc`, uid: 'u', controller: true },
    ],
  },
  spec: { containers: [{ resources: { requests: { 'nvidia.com/gpu': '4' } } }] },
  status: { phase: 'Running' },
} as unknown as KubeObject
const quota = (limited: number): string =>
  `pods "x" is forbidden: exceeded quota: gpus, requested: requests.nvidia.com/gpu=4, used: requests.nvidia.com/gpu=4, limited: requests.nvidia.com/gpu=${limited}`

/** What comes of the move, so many milliseconds after it began to wait; and whom it has scaled. */
const act = async (second: KubeObject, more: Partial<Mark> | null, now = 0) => {
  const touched: [string, unknown][] = []
  const standing = [deployment(1, 1, 1), second, pod]
  const cluster = {
    list: async (kind: string) => standing.filter((one) => one.kind === kind),
    get: async () => null,
    apply: async (object: KubeObject<'Deployment'>) => {
      touched.push([object.metadata.name, object.spec?.replicas])
      return { kind: 'applied', object }
    },
  }
  const ports = { cluster, clock: { now: () => NOW } } as unknown as WorkPorts
  const plan = { ...planRow.plan, steps: [leaves, comes] }
  const view = viewOf({ doc, plan: { ...planRow, plan } })
  const at = { markedAt: NOW - now, startedAt: NOW - now, fence: FENCE }
  const mark = running({ name: 'move-1', kind: 'roll-out-model', way: 'forth', ...at, ...more })
  const key = { lane: SERVICE, generation: 2, attempt: 1 }
  const task = { ports, view, step: leaves, mark, run: runOf({ steps: [mark] }), key, plan }
  return { ...(await (more === null ? rollOutModel.begin(task) : rollOutModel.see(task))), touched }
}
const ASKED = { touched: true, waits: 'pods' } as const

describe('what waits for what serves to leave, and a quota refuses', () => {
  it('has it leave where that gives the room', async () => {
    expect(await act(deployment(2, 1, 0, quota(4)), ASKED)).toEqual({ kind: 'free', touched: [] })
    expect((await act(deployment(2, 1, 0, quota(4)), null)).touched).toContainEqual([nameOf(1), 0])
  })

  it('and has it serve on where the quota has less than one server needs: it fails within minutes, and says which', async () => {
    const barred = deployment(2, 1, 0, quota(2))
    expect((await act(barred, null)).touched).toEqual([[nameOf(2), 1]])
    expect(await act(barred, ASKED, 5 * MINUTE)).toMatchObject({ kind: 'wait' })
    expect(await act(barred, ASKED, 5 * MINUTE + 1)).toEqual({
      kind: 'failed',
      reason: 'denied',
      note: `after 5 minutes still generation 2: its pods are not there yet; its pods are not made: ${quota(2)}`,
      touched: [],
    })
    // What refuses them otherwise may be over soon.
    expect(await act(deployment(2, 1, 0, 'denied by a webhook'), ASKED, 6 * MINUTE)).toMatchObject({ kind: 'wait' })
  })
})

it('what waits and is scaled away is set again, and not waited for', async () => {
  const scaled = deployment(2, 0, 0)
  expect(await act(scaled, ASKED)).toMatchObject({
    kind: 'free',
    again: expect.stringContaining('it is set to 1 again'),
  })
  expect((await act(scaled, null)).touched).toEqual([[nameOf(2), 1]])
  expect(await act(deployment(2, 1, 0), ASKED)).toMatchObject({ kind: 'wait' })
})
