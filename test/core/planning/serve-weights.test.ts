import { describe, expect, it } from 'vitest'
import type { ServeDesired } from '../../../core/desired.ts'
import {
  baseReasons,
  diskReasons,
  weightsAsked,
  weightsText,
  whyNoWeights,
} from '../../../core/planning/serve-weights.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { ENGINES } from '../../../core/workloads/engines.ts'
import { config, image, serve } from './serve-fixture.ts'

const COMMIT = 'a1'.repeat(20)
const BASE = `hf://meta-llama/Llama-3.1-8B@${COMMIT}`
const adapter: ServeDesired = { ...serve('8'), source: 's3://models/a/adapter/', base: BASE }
const looked = (base?: string, engine: 'vllm' | 'sglang' = 'vllm') => {
  const policy = parsePolicy(
    config(
      { engine, ...(base === undefined ? {} : { base }) },
      { sources: ['s3://models/', 'hf://meta-llama/'], runner: { image } },
    ),
  )
  return { policy, service: policy.services['support-llama']! }
}
const refused = (desired: ServeDesired, base?: string) => {
  const of = looked(base)
  const found = whyNoWeights({ desired, engine: ENGINES.vllm.at(-1)!, generation: 2 }, of)
  return found?.kind === 'refuse' ? `${found.reason}: ${found.detail}` : found
}

describe('what is not brought up', () => {
  it('is nothing of an adapter whose base may be served, too', () => {
    expect(refused(adapter)).toBeNull()
    expect(refused(serve('8'))).toBeNull()
  })

  it('is an adapter on a base from where no weights may come, whoever says it', () => {
    expect(refused({ ...adapter, base: 'hf://attacker/llama' })).toContain(
      'source-not-allowed: weights may not come from "hf://attacker/llama"',
    )
    expect(refused(adapter, 'hf://elsewhere/llama')).toContain('add `hf://elsewhere/llama` to sources')
  })

  it('is a base that a program would read as something else', () => {
    expect(refused({ ...adapter, base: '--model=evil' })).toContain('begins with `-`')
    expect(refused({ ...adapter, base: 's3://models/../x/' })).toContain('leads elsewhere')
  })

  it('is what its engine loads not at all', () => {
    expect(refused({ ...adapter, base: undefined } as never)).toMatch(
      /^source-not-loadable: .* nobody says of which model/,
    )
  })

  it('of whole weights a base is lineage, and asked nothing', () => {
    expect(refused({ ...serve('8'), base: 'hf://attacker/llama' })).toBeNull()
  })
})

describe('people are asked', () => {
  const ours = { ...adapter, source: 's3://results/results/a/adapter', ours: true } as const

  it('about nothing of an adapter that a pipeline has registered, on a commit', () => {
    expect(weightsAsked(ours, looked())).toBeNull()
  })

  it('about a base that somebody may change, also among our own results', () => {
    const open = (base: string) => weightsAsked({ ...ours, base }, looked())
    expect(open('hf://meta-llama/Llama-3.1-8B')).toMatch(/^its base is not pinned: whoever may write to "hf:/)
    expect(open('s3://results/results/b/model')).toMatch(/^its base is not pinned/)
  })

  it('about both at once', () => {
    expect(weightsAsked({ ...adapter, base: 's3://models/base/' }, looked())).toMatch(
      /^not pinned: whoever may write to "s3:\/\/models\/a\/adapter\/".*; its base is not pinned/,
    )
  })
})

it('a card says what it is served on, and where the policy says otherwise than its registration', () => {
  const { service } = looked()
  expect(weightsText(adapter, service)).toBe(`s3://models/a/adapter/, an adapter, on ${BASE}`)
  expect(weightsText(serve('8'), service)).toBe('s3://models/8/')
  expect(baseReasons(serve('8'), service)).toEqual([])
  expect(baseReasons(adapter, service)).toEqual([`it is an adapter, and served on ${BASE}`])
  expect(baseReasons(adapter, looked('s3://models/base/').service)).toEqual([
    `it is an adapter, and served on s3://models/base/, as the policy says: its registration says ${BASE}`,
  ])
})

it('a card says that files lie on a node’s disk where nobody has said how much of it they need', () => {
  const { service } = looked(undefined, 'sglang')
  const on = (desired: ServeDesired, more: Partial<typeof service> = {}) =>
    diskReasons({ desired, engine: ENGINES.sglang[0] }, { ...service, ...more })
  expect(on(serve('8'))).toEqual([expect.stringContaining('of which it asks for 40 GiB: where they have more')])
  const pod = { containers: [{ name: 'sglang', resources: { requests: { 'ephemeral-storage': '200Gi' } } }] }
  expect(on(serve('8'), { pod })).toEqual([])
  expect(on({ ...serve('8'), source: 'hf://meta-llama/Llama-3.1-8B' })).toEqual([])
  const vllm = (desired: ServeDesired, more: Partial<typeof service> = {}) =>
    diskReasons({ desired, engine: ENGINES.vllm.at(-1)! }, { ...service, engine: 'vllm', ...more })
  // An adapter has a bound, which the policy may move; what is streamed lies on no disk.
  expect(vllm(adapter)).toEqual([expect.stringContaining('and have 5 GiB of it at most: where they have more, say')])
  expect(vllm(adapter, { pod: { containers: [{ ...pod.containers[0]!, name: 'vllm' }] } })).toEqual([])
  expect(vllm(serve('8'))).toEqual([])
})
