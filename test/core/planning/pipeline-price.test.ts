import { describe, expect, it } from 'vitest'
import {
  againTexts,
  boundsOf,
  priceOf,
  type Use,
  usesOf,
  usesLeft as usesOrNone,
} from '../../../core/planning/pipeline-price.ts'
import { stepKeys } from '../../../core/steps/keys.ts'
import { emptyPool, emptyWorld, NOW, trainInput, trainPlan } from '../training-fixture.ts'

const { policy, desired } = trainInput()
const pipeline = policy.pipelines['support-chats']!
const uses = usesOf({ policy, desired, world: emptyWorld() }, pipeline) as [Use, Use]
/** The second takes the node of the first. */
const inRow = [uses[0], { ...uses[1], beside: { p50: 0, p95: 0 } }]
const { steps } = trainPlan()
const keys = stepKeys({ steps })
const usesLeft = (...given: Parameters<typeof usesOrNone>) => usesOrNone(...given) as Use[]
const row = { row: 'r', step: 'train', values: {}, made: null, etag: null, generation: 1, attempt: 1, at: NOW }
const kept = (...names: string[]) =>
  Object.fromEntries(names.map((name) => [keys[name] ?? '', { ...row, key: keys[name] ?? '' }]))

describe('what a pipeline uses', () => {
  it('are its two Jobs, each with a node', () => {
    expect(uses.map(({ poolName, gpus, rate }) => [poolName, gpus, rate])).toEqual([
      ['gpu-train', 8, { p50: 55.04, p95: 55.04 }],
      ['gpu-train', 1, { p50: 55.04, p95: 55.04 }],
    ])
  })

  it('is refused with its stage where a pool could never run it', () => {
    const small = emptyWorld({ pools: { 'gpu-train': emptyPool('gpu-train', { ceiling: 4 }) } })
    const none = usesOf({ policy, desired, world: small }, pipeline)
    expect(usesOrNone(none, { steps, kept: {} })).toMatchObject({
      reason: 'pool-too-small',
      detail: expect.stringContaining('`train`'),
    })
    // What is carried over needs no pool.
    const other = [none[0]!, uses[1]]
    expect(usesOrNone(other, { steps, kept: kept('train') })).toEqual([uses[1]])
    expect(usesOrNone(other, { steps, kept: kept('evaluate') })).toMatchObject({ kind: 'refuse' })
  })
})

it('of which a rung may suspend some says what another node of them costs that is in the price', () => {
  const again = { ...uses[0], again: 29.35 }
  expect(priceOf([again], { policy, desired, world: emptyWorld() }).total.p95).toBeCloseTo(
    priceOf([uses[0]], { policy, desired, world: emptyWorld() }).total.p95 + 29.35,
    2,
  )
  expect(againTexts([again, uses[1]])).toEqual([
    'a rung of the budget may suspend train, which goes on by itself afterwards: $29.35 of what it costs at most is for a node that is started again',
  ])
  expect(againTexts(uses)).toEqual([])
})

describe('what is still to be paid', () => {
  it('is what no earlier attempt has finished', () => {
    expect(usesLeft(uses, { steps, kept: {} })).toEqual(inRow)
    expect(usesLeft(uses, { steps, kept: kept('train') })).toEqual([uses[1]])
    expect(usesLeft(uses, { steps, kept: kept('train', 'evaluate') })).toEqual([])
    expect(usesLeft(uses, { steps, kept: kept('judge-evaluate') })).toEqual(inRow)
  })

  it('is what was made from something that is there no more, too', () => {
    expect(usesLeft(uses, { steps, kept: kept('evaluate') })).toEqual(inRow)
  })

  it('is the price and the bounds of the attempt that carries the rest over, and nothing where nothing is left', () => {
    const world = emptyWorld()
    const left = usesLeft(uses, { steps, kept: kept('train') })
    expect(priceOf(left, { policy, desired, world }).total).toEqual({ p50: 33.02, p95: 56.87 })
    expect(boundsOf(left, priceOf(left, { policy, desired, world }), NOW)).toEqual({
      dollars: 56.87,
      gpus: { 'gpu-train': 1 },
      nodes: { 'gpu-train': { instanceType: 'p5.48xlarge', capacityTypes: ['on-demand'] } },
      unavailable: 0,
      until: NOW,
    })
    expect(priceOf([], { policy, desired, world })).toMatchObject({
      total: { p50: 0, p95: 0 },
      perHour: { p50: 0, p95: 0 },
      sources: [],
    })
    expect(trainPlan({ kept: kept('train') }).bounds).toMatchObject({ dollars: 58.71, gpus: { 'gpu-train': 1 } })
    expect(trainPlan({ kept: kept('train') }).digest).toBe(trainPlan().digest)
  })

  it('of spot nodes where there are such is theirs as a rule, and on demand in the bad case, which bounds it', () => {
    const either = structuredClone(policy)
    const pool = either.pools['gpu-train']!
    pool.capacityTypes = ['on-demand', 'spot']
    pool.price = { ...pool.price!, spot: 20 }
    const own = usesOf({ policy: either, desired, world: emptyWorld() }, pipeline) as [Use, Use]
    const bought = usesLeft(own, { steps, kept: {} })
    const price = priceOf(bought, { policy: either, desired, world: emptyWorld() })
    expect(price.total).toEqual({ p50: 42, p95: 221.99 })
    expect(price.perHour).toEqual({ p50: 20, p95: 55.04 })
    expect(price.sources).toEqual([expect.stringContaining('on-demand $55.04/h or spot $20.00/h')])
    expect(boundsOf(bought, price, NOW)).toMatchObject({ dollars: 221.99 })
    expect(bought.map(({ rate }) => rate.p95)).toEqual([55.04, 55.04])
  })

  it('counts a pool that both use for the larger one only, and each pool by itself', () => {
    const price = priceOf(uses, { policy, desired, world: emptyWorld() })
    expect(boundsOf(uses, price, NOW).gpus).toEqual({ 'gpu-train': 8 })
    const [first, second] = uses
    expect(boundsOf([first, { ...second, poolName: 'gpu-serve' }], price, NOW).gpus).toEqual({
      'gpu-train': 8,
      'gpu-serve': 1,
    })
  })
})

describe('a stage on several nodes', () => {
  const over = (nodes: number, more: object = {}) => {
    const [train, evaluate] = pipeline.stages
    const roomy = {
      ...policy,
      pools: { ...policy.pools, 'gpu-train': { ...policy.pools['gpu-train']!, maxGpus: 64, ...more } },
    }
    const world = emptyWorld({ pools: { 'gpu-train': emptyPool('gpu-train', { ceiling: 64 }) } })
    const given = { policy: roomy, desired, world }
    const stages = [
      { ...train!, nodes },
      { ...evaluate!, nodes: 1 },
    ]
    return { given, stages, found: usesOf(given, { stages }) as Use[] }
  }

  it('is priced, bound and counted as so many whole nodes', () => {
    const { given, found } = over(4)
    const [one] = over(1).found
    expect(found[0]).toMatchObject({ gpus: 32, nodes: 4, rate: { p50: 4 * 55.04, p95: 4 * 55.04 } })
    const price = (uses: Use[]) => priceOf(uses, given)
    expect(price([found[0]!]).total.p95).toBeCloseTo(4 * price([one!]).total.p95, 1)
    expect(price([found[0]!]).gpuHours.p95).toBe(4 * price([one!]).gpuHours.p95)
    expect(boundsOf([found[0]!], price([found[0]!]), NOW)).toMatchObject({ gpus: { 'gpu-train': 32 } })
  })

  it('is refused where the ceiling lets in fewer, and where it would leave a part of each node', () => {
    const refused = (nodes: number, gpus = 8) => {
      const [train] = pipeline.stages
      return usesOf({ policy, desired, world: emptyWorld() }, { stages: [{ ...train!, nodes, gpus }] })[0]
    }
    expect(refused(3)).toMatchObject({
      why: {
        reason: 'pool-too-small',
        detail: '`train` asks for 3 nodes of 8 GPUs and the ceiling of gpu-train is 16',
      },
    })
    expect(refused(2, 4)).toMatchObject({
      why: { detail: expect.stringContaining('runs on 2 whole nodes and asks for 4 GPUs of each') },
    })
  })

  it('after one on a single node pays for the start of the others', () => {
    const { given, stages } = over(4)
    const [four, one] = usesOf(given, { stages }) as [Use, Use]
    const beside = (uses: Use[]) => usesOrNone(uses, { steps: [], kept: {} })
    expect(beside([one, four])).toMatchObject([{ beside: one.beside }, { beside: { p95: (four.beside.p95 * 3) / 4 } }])
    expect(beside([four, one])).toMatchObject([{ beside: four.beside }, { beside: { p50: 0, p95: 0 } }])
  })
})
