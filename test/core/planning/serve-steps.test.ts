import { describe, expect, it } from 'vitest'
import { rolloutSteps } from '../../../core/planning/serve-steps.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { engineOf } from '../../../core/workloads/engines.ts'
import { servingObjects } from '../../../core/workloads/serving.ts'

const image = `vllm@sha256:${'a'.repeat(64)}`
const policy = parsePolicy({
  cluster: 'gpu',
  results: { bucket: 'results', prefix: 'runs/' },
  budget: { dollars: 1000 },
  pools: { p: { instanceType: 'x', gpusPerNode: 8, maxGpus: 16 } },
  services: {
    m: {
      alias: 'a',
      image,
      pool: 'p',
      replicas: 2,
      gpusPerReplica: 1,
      gate: { image, checks: [{ metric: 'x', op: '>=', value: 1 }] },
    },
  },
  approvals: { channel: 'C', approvers: [{ id: 'T0A/U0A', name: 'A' }] },
})
const building = {
  identity: { installation: 'signalbox', ledger: 'feedfacecafe', name: 'service-m-0123abcd' },
  run: { lane: 'service/m', generation: 1, attempt: 1 },
  desired: {
    kind: 'serve' as const,
    model: 'm',
    version: '8',
    source: 's3://m/8',
    runId: null,
    digest: 'd',
    requester: null,
  },
  service: policy.services['m']!,
  engine: engineOf({}, policy.services['m']!),
  namespace: policy.namespaces.serving,
  generation: 1,
}
const path = [
  { old: 0, new: 0 },
  { old: 0, new: 1 },
  { old: 0, new: 2 },
]
const led = { seen: null, rising: 1, risen: 0, leaving: [], base: undefined }
const steps = (gateAfter: number | null, engine = building.engine) =>
  rolloutSteps({
    ...building,
    policy,
    name: 'chat',
    objects: servingObjects({ ...building, engine }),
    leaving: [],
    path,
    gateAfter,
    led: { ...led, judged: gateAfter === null },
    waiting: path.map(() => null),
    costs: [0, 5, 10].map((extra) => ({ extra, beside: 0 })),
    range: null,
    unscales: null,
  })

describe('the steps of a rollout', () => {
  it('judge what the gate measured, where its Job writes it', () => {
    const all = steps(1)
    expect(all.find(({ kind }) => kind === 'launch-job')).toMatchObject({
      name: 'gate',
      results: { bucket: 'results', prefix: 'runs/' },
      pool: null,
      gpus: 0,
    })
    expect(all.find(({ kind }) => kind === 'check-gate')).toMatchObject({
      name: 'judge',
      of: 'gate',
      gates: [{ metric: 'x', op: '>=', value: 1 }],
    })
  })

  it('have no gate where none is needed', () => {
    expect(steps(null).map(({ name }) => name)).toEqual(['move-1', 'traffic-1', 'move-2', 'notify'])
  })

  it('write what holds drains back before there is anything to drain, and nothing of it where the engine has none', () => {
    const made = (revision: number) => {
      const engine = engineOf({ engine: { name: 'vllm', revision } }, building.service)
      const moves = steps(1, engine).filter((step) => step.kind === 'roll-out-model')
      return moves.map(({ objects }) => objects.map(({ kind }) => kind))
    }
    expect(made(2)).toEqual([['PodDisruptionBudget', 'Deployment', 'Service'], []])
    expect(made(1)).toEqual([['Deployment', 'Service'], []])
  })

  it('tell a person what each does and why', () => {
    expect(steps(1).map(({ title }) => title)).toEqual([
      'Bring v8 to 1 replica',
      'Ask chat v8 inside the cluster and measure its answers',
      'Judge x >= 1',
      'Lead requests to v8',
      'Bring v8 to 2 replicas',
      'Tell the channel',
    ])
    expect(steps(1).every(({ why }) => why.length > 10)).toBe(true)
    expect(steps(1).at(-1)).toMatchObject({ text: 'm v8 serves as chat with 2 replicas of 1 GPU' })
  })
})
