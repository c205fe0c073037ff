import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planCard } from '../../../core/plan-text.ts'
import { planPipeline } from '../../../core/planning/pipeline.ts'
import { type Config, parsePolicy } from '../../../core/policy.ts'
import { stepKeys } from '../../../core/steps/keys.ts'
import { inputJobLabel } from '../../../core/workloads/object-digest.ts'
import { stagesOf } from '../../variants.ts'
import {
  desired,
  emptyPool,
  emptyWorld,
  exampleConfig,
  exampleWith,
  NOW,
  trainInput,
  trainPlan,
} from '../training-fixture.ts'

/** The policy of the example after a change. */
const policyWith = (change: (config: Config) => void) => {
  const config: Config = exampleConfig()
  change(config)
  return parsePolicy(config)
}
const support = (config: Config) => stagesOf(config.pipelines!['support-chats']!)
const trainPool = (over: Parameters<typeof emptyPool>[1]) =>
  emptyWorld({ pools: { 'gpu-train': emptyPool('gpu-train', over), 'gpu-serve': emptyPool('gpu-serve') } })
const refusal = (over: Parameters<typeof trainInput>[0]) => {
  const planned = planPipeline(trainInput(over))
  return planned.kind === 'refuse' ? planned : { reason: planned.kind, detail: '' }
}

describe('the plan of a pipeline', () => {
  const plan = trainPlan()

  it('fine-tunes, evaluates, judges, registers and tells, in this order', () => {
    expect(plan.steps.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'launch-job train',
      'launch-job evaluate',
      'check-gate judge-evaluate',
      'register-model register',
      'notify notify',
    ])
    expect(plan.steps[2]).toMatchObject({ of: 'evaluate', gates: [{ metric: 'score', op: '>=', value: 0.8 }] })
    expect(plan.steps[3]).toMatchObject({ of: 'train', model: 'support-llama' })
    expect(plan.steps[0]).toMatchObject({
      pool: 'gpu-train',
      gpus: 8,
      results: { bucket: 'acme-results', prefix: 'results/' },
    })
    for (const { title, why } of plan.steps) expect(title && why).toBeTruthy()
  })

  it('names each Job after its step', () => {
    const names = plan.steps.flatMap((step) => (step.kind === 'launch-job' ? [step.job.metadata.name] : []))
    expect(names).toEqual([`${plan.id}-train`, `${plan.id}-evaluate`])
  })

  it('says what it costs: both Jobs, each its node whole, and what that costs before and after', () => {
    expect(plan.price).toEqual({
      total: { p50: 115.58, p95: 223.83 },
      perHour: { p50: 55.04, p95: 55.04 },
      nowPerHour: 0,
      gpuHours: { p50: 12.25, p95: 24.5 },
      sources: ['p5.48xlarge on-demand $55.04/h for 8 GPUs (AWS price list, 2026-11-01)'],
    })
  })

  it('names the workspace of the registry where the policy has one, and another one is another plan', () => {
    const inside = (workspace: string) => trainPlan({ policy: parsePolicy(exampleWith(['registry', { workspace }])) })
    const [a, b] = [inside('team-a'), inside('team-b')]
    expect(planCard(a).lines.join()).toContain('a new version of support-llama, in the workspace team-a')
    expect(a.steps.find(({ kind }) => kind === 'register-model')).toMatchObject({ workspace: 'team-a' })
    expect(new Set([a, b, plan].map(({ digest }) => digest)).size).toBe(3)
  })

  it('may cost its bad case, occupy the larger of its two Jobs, and begin until the answer expires', () => {
    expect(plan.bounds).toEqual({
      dollars: 223.83,
      gpus: { 'gpu-train': 8 },
      nodes: { 'gpu-train': { instanceType: 'p5.48xlarge', capacityTypes: ['on-demand'] } },
      unavailable: 0,
      until: NOW + 4 * 3_600_000,
    })
  })

  it('counts each pool by itself when the evaluation runs elsewhere', () => {
    const policy = policyWith((config) => Object.assign(support(config).evaluate, { pool: 'gpu-serve', gpus: 4 }))
    const { bounds, price } = trainPlan({ policy })
    expect(bounds.gpus).toEqual({ 'gpu-train': 8, 'gpu-serve': 4 })
    expect(price.sources).toHaveLength(2)
    expect(price.total.p50).toBe(108.12)
    expect(price.perHour).toEqual({ p50: 55.04, p95: 55.04 })
  })

  it('says what the lane costs already', () => {
    const world = trainPool({ used: 8, usedByLane: 8, provisioned: 8 })
    expect(trainPlan({ world }).price.nowPerHour).toBe(55.04)
  })

  it('binds both images and both Jobs', () => {
    expect(plan.effects.objects).toHaveLength(2)
    expect(plan.effects.images).toHaveLength(2)
    expect(plan.interrupts).toEqual([])
    expect(plan.policy).toBe(trainInput().policy.version)
  })

  it('says why: the dataset, the pool, the room, the price and the budget', () => {
    const world = { ...trainPool({ heldByOthers: 4, provisioned: 8 }), dollars: { spent: 1500, held: 200 } }
    expect(trainPlan({ world }).reasons).toEqual([
      'run on support-chats@abababab: 12 objects, 3.4 MB, named by s3://acme-datasets/support-chats/2026-11-24/manifest.json',
      'train on gpu-train, as pipelines.support-chats says: 8 GPUs of the 8 of one node',
      'evaluate on gpu-train, as pipelines.support-chats says: 1 GPU of the 8 of one node',
      'gpu-train: 12 of 16 GPUs free (4 held or used by others), 8 on nodes that are up; needs 8',
      'priced at p5.48xlarge on-demand $55.04/h for 8 GPUs (AWS price list, 2026-11-01)',
      'nodes are paid whole, each 21 min longer than its pods run (p95 32 min): it boots, pulls the image, and is taken away once it was empty for 10 min',
      'ml-monthly: $1,500.00 spent and $200.00 held of $20,000.00; this adds at most $223.83',
    ])
  })

  it('is asked about, unless it is cheaper than what policy lets pass', () => {
    expect(plan.approval).toMatchObject({ required: true, need: 1 })
    const cheap = policyWith((config) => Object.assign(config.approvals, { autoApproveBelow: 224 }))
    expect(trainPlan({ policy: cheap }).approval).toMatchObject({ required: false, need: 0 })
    const exactly = policyWith((config) => Object.assign(config.approvals, { autoApproveBelow: 223.83 }))
    expect(trainPlan({ policy: exactly }).approval.required).toBe(true)
  })
})

it('of more pools than a run can hold at once is refused on paper', () => {
  const of = (count: number) => {
    const policy = policyWith((config) => {
      const [pool, { train, evaluate }] = [config.pools!['gpu-train']!, support(config)]
      for (let n = 0; n < count; n++) config.pools![`p${n}`] = { ...pool }
      const more = Array.from({ length: count - 1 }, (_, n) => ({
        name: `s${n}`,
        image: train.image,
        command: ['x'],
        pool: `p${n}`,
        gpus: 1,
        hours: { p50: 0.1, p95: 0.2 },
      }))
      config.pipelines!['support-chats']!.stages = [train, ...more, { ...evaluate, pool: `p${count - 2}` }] as never
    })
    return refusal({
      policy,
      world: emptyWorld({
        pools: Object.fromEntries(Object.keys(policy.pools).map((name) => [name, emptyPool(name)])),
      }),
    })
  }
  expect(of(8).reason).toBe('plan')
  expect(of(9)).toMatchObject({ reason: 'plan-too-large', detail: expect.stringContaining('it uses 9 pools') })
})

describe('a pool that Kueue owns', () => {
  const policy = policyWith((config) => Object.assign(config.pools['gpu-train']!, { queue: 'gpu' }))

  it('is Kueue’s to lend: busy or not, the plan is the same, and is bound to the same GPUs', () => {
    const [free, busy] = [{}, { heldByOthers: 16, used: 16 }].map((pool) =>
      trainPlan({ policy, world: trainPool(pool) }),
    )
    expect(busy).toEqual(free)
    expect(free?.bounds.gpus).toEqual({ 'gpu-train': 8 })
    expect(free?.reasons).toContain(
      'gpu-train: Kueue lends its 16 GPUs through the LocalQueue gpu; needs 8 and holds none',
    )
  })

  it('is another plan than the one that was approved before Kueue had it', () => {
    expect(trainPlan({ policy }).digest).not.toBe(trainPlan().digest)
  })

  it('is no reason to make what its ceiling or a node can never have', () => {
    expect(planPipeline(trainInput({ policy, world: trainPool({ ceiling: 4 }) }))).toMatchObject({
      kind: 'refuse',
      reason: 'pool-too-small',
    })
  })
})

describe('GPUs that are busy just now', () => {
  it('are waited for, and the plan says so in numbers', () => {
    const { reasons } = trainPlan({ world: trainPool({ heldByOthers: 12, used: 12, provisioned: 16 }) })
    expect(reasons).toContain(
      'gpu-train: 4 of 16 GPUs free (12 held or used by others), 16 on nodes that are up; needs 8, so it waits for room',
    )
  })

  it('are not waited for when exactly enough are free', () => {
    const { reasons } = trainPlan({ world: trainPool({ heldByOthers: 8, used: 8 }) })
    expect(reasons.join()).toContain('8 of 16 GPUs free')
    expect(reasons.join()).not.toContain('waits for room')
  })

  it('are never counted below nothing when a ceiling was lowered under them', () => {
    const { reasons } = trainPlan({ world: trainPool({ ceiling: 8, heldByOthers: 16, provisioned: 16 }) })
    expect(reasons.find((reason) => reason.includes('free'))).toContain('0 of 8 GPUs free')
  })
})

describe('no plan is made', () => {
  it('for a pipeline that the policy does not have, whatever its name', () => {
    for (const name of ['gone', 'constructor'])
      expect(refusal({ run: { lane: `pipeline/${name}`, generation: 1, attempt: 1 } })).toMatchObject({
        reason: 'not-configured',
        detail: expect.stringContaining(name),
      })
  })

  it('for a pool that the policy does not have', () => {
    const { policy } = trainInput()
    const without = { ...policy, pools: { 'gpu-serve': policy.pools['gpu-serve']! } }
    expect(refusal({ policy: without })).toMatchObject({
      reason: 'pool-unknown',
      detail: expect.stringContaining('gpu-train'),
    })
  })

  it('without a price, of the evaluation too', () => {
    const none = policyWith((config) => Object.assign(config.pools['gpu-train']!, { price: null }))
    expect(refusal({ policy: none })).toMatchObject({
      reason: 'missing-price',
      detail: expect.stringContaining('pools.gpu-train.price'),
    })
    const other = policyWith((config) => {
      support(config).evaluate.pool = 'gpu-serve'
      config.pools['gpu-serve']!.price = null
    })
    expect(refusal({ policy: other })).toMatchObject({
      reason: 'missing-price',
      detail: expect.stringContaining('pools.gpu-serve.price'),
    })
  })

  it('for more GPUs than one node has, which several nodes may have', () => {
    const policy = policyWith((config) => {
      support(config).train.gpus = 16
    })
    expect(refusal({ policy })).toMatchObject({
      reason: 'pool-too-small',
      detail: expect.stringContaining('a node of gpu-train has 8: say how many `nodes` of them it runs on'),
    })
  })

  it('for more GPUs than the ceiling will ever let in, the lower of policy and cluster', () => {
    expect(refusal({ world: trainPool({ ceiling: 4 }) })).toMatchObject({
      reason: 'pool-too-small',
      detail: expect.stringContaining('is 4'),
    })
    const low = policyWith((config) => {
      config.pools['gpu-train']!.maxGpus = 0
    })
    expect(refusal({ policy: low, world: trainPool({ ceiling: null }) })).toMatchObject({ reason: 'pool-too-small' })
  })

  it('when no whole node fits under the ceiling, unless one is up already', () => {
    const small = {
      policy: policyWith((config) => {
        support(config).train.gpus = 2
      }),
    }
    expect(refusal({ ...small, world: trainPool({ ceiling: 4 }) })).toMatchObject({
      reason: 'pool-too-small',
      detail: expect.stringContaining('one node'),
    })
    expect(refusal({ ...small, world: trainPool({ ceiling: 4, provisioned: 8 }) }).reason).toBe('plan')
    expect(refusal({ ...small, world: trainPool({ ceiling: 8 }) }).reason).toBe('plan')
  })

  it('over the budget, and the sentence adds up', () => {
    const world = emptyWorld({ dollars: { spent: 19_000, held: 900 } })
    expect(refusal({ world })).toMatchObject({
      reason: 'budget-exceeded',
      detail:
        '$19,000.00 spent this month, $900.00 held by other plans and up to $223.83 for this one are $20,123.83, ' +
        '$123.83 over the $20,000.00 of ml-monthly',
    })
    expect(refusal({ world: emptyWorld({ dollars: { spent: 19_776.17, held: 0 } }) }).reason).toBe('plan')
  })

  it('when nobody knows who asked and policy says that then nothing is done', () => {
    const policy = policyWith((config) => {
      config.approvals.unknownRequester = 'refuse'
    })
    expect(refusal({ policy, desired: { ...desired, requester: null } })).toMatchObject({ reason: 'requester-unknown' })
    expect(refusal({ policy })).toMatchObject({ reason: 'requester-unknown' })
    expect(refusal({ policy, desired: { ...desired, proven: true } }).reason).toBe('plan')
  })
})

describe('planning again', () => {
  it('gives the same bytes, whatever the order of the keys of what it is given', () => {
    const bytes = JSON.stringify(trainPlan())
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat()), (stream) => {
        const input = trainInput()
        const shuffle = <T>(value: T): T => shuffled(value, stream) as T
        const { found, ...policy } = input.policy
        const again = planPipeline({
          ...input,
          desired: shuffle(input.desired),
          world: shuffle(input.world),
          policy: { ...shuffle(policy), found },
        })
        expect(again.kind === 'plan' ? JSON.stringify(again.plan) : again.kind).toBe(bytes)
      }),
      { numRuns: 50 },
    )
  })

  it('changes nothing that it was given', () => {
    const freeze = <T>(value: T): T => {
      if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(freeze)
      return value
    }
    expect(() => planPipeline(freeze(trainInput()))).not.toThrow()
  })

  it('as another attempt asks for the same approval: the digest is equal, the names are not', () => {
    const again = trainPlan({ run: { lane: 'pipeline/support-chats', generation: 1, attempt: 2 } })
    expect(again.digest).toBe(trainPlan().digest)
    expect(again.id).not.toBe(trainPlan().id)
  })

  it('as another attempt evaluates what an earlier one has trained, where that is still there', () => {
    const run = { lane: 'pipeline/support-chats', generation: 1, attempt: 2 }
    const [train] = trainPlan().steps
    const first = train?.kind === 'launch-job' ? train.job.metadata.name : ''
    const key = stepKeys(trainPlan())['train'] ?? ''
    const made = {
      ref: { kind: 'Job' as const, namespace: 'training', name: first },
      uid: 'u',
      result: { bucket: 'b', key: 'k' },
    }
    const row = { row: 'r', step: 'train', key, values: {}, made, etag: 'e', generation: 1, attempt: 1, at: 0 }
    const read = (plan: ReturnType<typeof trainPlan>) => {
      const step = plan.steps[1]
      return step?.kind === 'launch-job'
        ? step.job.spec?.template.metadata?.labels?.[inputJobLabel('train')]
        : undefined
    }
    const carried = trainPlan({ run, kept: { [key]: row } })
    expect(read(carried)).toBe(first)
    expect(read(trainPlan({ run }))).toBe(`${trainPlan({ run }).id}-train`)
    expect(carried.digest).toBe(trainPlan().digest)
    expect(carried.title).toBe('Evaluate on support-chats@abababab, keeping train, register it as support-llama')
    expect(stepKeys(carried)).toEqual(stepKeys(trainPlan()))
  })

  it('of another version, image or number of GPUs asks for another approval', () => {
    const others = [
      trainPlan({ desired: { ...desired, version: 'cd'.repeat(32) } }),
      trainPlan({
        policy: policyWith((config) => {
          support(config).train.gpus = 4
        }),
      }),
      trainPlan({
        policy: policyWith((config) => {
          support(config).evaluate.image = `other@sha256:${'0'.repeat(64)}`
        }),
      }),
    ]
    expect(new Set([trainPlan(), ...others].map(({ digest }) => digest)).size).toBe(4)
  })

  it('never plans beyond its own bounds, in any world', () => {
    const count = fc.integer({ min: 0, max: 64 })
    const pool = fc.record({
      ceiling: fc.option(count),
      heldByOthers: count,
      usedByLane: count,
      provisioned: count,
      used: count,
    })
    fc.assert(
      fc.property(pool, fc.nat(30_000), fc.nat(30_000), (view, spent, held) => {
        const { policy } = trainInput()
        const planned = planPipeline(trainInput({ world: { ...trainPool(view), dollars: { spent, held } } }))
        if (planned.kind !== 'plan') return
        const { bounds, price } = planned.plan
        expect(bounds.gpus['gpu-train']).toBeLessThanOrEqual(
          Math.min(policy.pools['gpu-train']!.maxGpus, view.ceiling ?? 64),
        )
        expect(spent + held + bounds.dollars).toBeLessThanOrEqual(policy.budget.dollars)
        expect(price.total.p50).toBeLessThanOrEqual(price.total.p95)
      }),
    )
  })
})

/** The same value with the keys of every object in another order. */
const shuffled = (value: unknown, stream: fc.Stream<number>): unknown => {
  if (Array.isArray(value)) return value.map((inner) => shuffled(inner, stream))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, inner]): [number, string, unknown] => [
    stream.next().value ?? 0,
    key,
    shuffled(inner, stream),
  ])
  return Object.fromEntries(entries.sort(([a], [b]) => a - b).map(([, key, inner]) => [key, inner]))
}
