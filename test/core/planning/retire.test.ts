import { expect, it } from 'vitest'
import { service } from '../../../core/lane-kinds/service.ts'
import { PRICED } from '../../../core/money/nodes.ts'
import { type Config, parsePolicy } from '../../../core/policy.ts'
import type { PoolView } from '../../../core/world.ts'
import config from '../../example.ts'
import { emptyPool, emptyWorld, NOW, standing } from '../training-fixture.ts'

const RETIRED = { kind: 'retired' as const, model: 'support-llama' }
const without: Config = { ...structuredClone(config), services: {} }
const inputOf = (
  generations: ReturnType<typeof standing>[],
  change: (config: Config) => void = () => undefined,
  pool: Partial<PoolView> = {},
): Parameters<typeof service.plan>[0] => {
  const given = structuredClone(without)
  change(given)
  return {
    identity: { installation: 'signalbox', ledger: 'feedfacecafe', name: 'service-support-llama-0123abcd' },
    run: { lane: 'service/support-llama', generation: 4, attempt: 1 },
    desired: RETIRED,
    baseline: { generation: 1, desired: RETIRED, replicas: 2 },
    policy: parsePolicy(given),
    world: emptyWorld({ generations, pools: { 'gpu-serve': emptyPool('gpu-serve', pool) } }),
    now: NOW,
    kept: {},
  }
}
const planned = (...given: Parameters<typeof inputOf>) => service.plan(inputOf(...given))
const planOf = (...given: Parameters<typeof planned>) => {
  const answer = planned(...given)
  if (answer.kind !== 'plan') throw new Error(JSON.stringify(answer))
  return answer.plan
}

it('takes every replica of every generation away, the baseline too, and says what stops answering', () => {
  const plan = planOf([standing(1, 2), standing(2, 1)])
  const last = plan.steps.findLast((step) => step.kind === 'roll-out-model')
  expect(
    last?.kind === 'roll-out-model' && last.replicas.map(({ generation, replicas }) => [generation, replicas]),
  ).toEqual(
    expect.arrayContaining([
      [1, 0],
      [2, 0],
    ]),
  )
  expect(plan.interrupts).toHaveLength(2)
  expect(plan.interrupts.join()).toContain('stops answering, and nothing takes its place')
  expect(plan.effects.replicas).toBe(0)
  expect(plan.bounds).toMatchObject({ dollars: 0, gpus: { 'gpu-serve': 12 }, unavailable: 3 })
  expect(plan.price.perHour.p95).toBe(0)
  expect(plan.price.nowPerHour).toBeGreaterThan(0)
})

it('says which service goes, what stops, what is deleted and stays, and what that saves', () => {
  const { title, reasons, steps } = planOf([standing(1, 2)])
  expect(title).toBe('Retire the service support-llama: take generation 1 away')
  expect(steps.map(({ why }) => why)).not.toContain('nothing but the baseline remains')
  expect(reasons).toEqual(
    expect.arrayContaining([
      'the policy has no service support-llama any more',
      'what stops: 2 replicas of generation 1, and with them every answer of the service',
      expect.stringMatching(/^what is deleted: their pods\. Deployments and Services stay/),
      'what it saves: 8 GPUs, $20.98 an hour and $503.52 a day',
      'weighed: it costs nothing, and adds nothing to the running cost',
    ]),
  )
  const unpriced = planOf([standing(1, 2)], (c) => {
    delete c.pools['gpu-serve']
  })
  expect(unpriced.reasons).toContain('what it saves: 8 GPUs; their price has left the policy')
})

it('says that it saves no dollars where its nodes go on for others', () => {
  const input = inputOf([standing(1, 2)], undefined, { alone: {}, besides: [0, 0] })
  const planned = service.plan({ ...input, desired: { ...RETIRED, priced: PRICED } })
  expect(planned.kind === 'plan' && planned.plan.reasons).toContain(
    'what it saves: 8 GPUs; no dollars: their nodes go on for others',
  )
})

it('is asked about however little it costs', () => {
  const cheap = (c: Config) => Object.assign(c.approvals, { autoApproveBelow: 1e6 })
  expect(planOf([standing(1, 2)], cheap).approval).toMatchObject({ required: true, need: 1 })
})

it('is nothing where nothing stands', () => {
  expect(planned([standing(1, 0)])).toMatchObject({ kind: 'nothing' })
})

it('says what to look for where pods run on without their Deployment', () => {
  const used = service.plan({
    ...inputOf([]),
    world: emptyWorld({ pools: { 'gpu-serve': emptyPool('gpu-serve', { used: 8, usedByLane: 8 }) } }),
  })
  expect(used).toMatchObject({
    kind: 'nothing',
    reason: expect.stringContaining('kubectl -n serving get replicasets -l signalbox.dev/lane=service.support-llama'),
  })
})

it('touches nothing that Argo CD or an autoscaler owns', () => {
  expect(planned([{ ...standing(1, 2), ownedBy: 'Argo CD' }])).toMatchObject({ kind: 'refuse' })
})

it('works though its pool has left the policy too', () => {
  const plan = planOf([standing(1, 2)], (c) => {
    delete c.pools['gpu-serve']
  })
  expect(plan.bounds.gpus).toEqual({})
})
