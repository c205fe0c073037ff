import { describe, expect, it } from 'vitest'
import type { LaneDocument } from '../../../core/lane/document.ts'
import { asMadeNow, refusedAnew } from '../../../core/lane/made-anew.ts'
import { ENGINES } from '../../../core/workloads/engines.ts'
import { docOf, policyWith, runOf, SERVICE, served, viewOf } from './fixture.ts'

const sglang = policyWith(({ services }) => {
  services!['support-llama']!.engine = 'sglang'
})
const v1 = { ...served('1'), engine: { name: 'vllm', revision: 4 } }
const v2 = { ...served('2'), engine: { name: 'vllm', revision: 4 } }
const made = (name: keyof typeof ENGINES) => ({ engine: { name, revision: ENGINES[name].length } })
const wanting = (over: Partial<LaneDocument> = {}) => docOf({ lane: SERVICE, desired: v2, generation: 2, ...over })
const baselineOf = (desired: typeof v1, generation = 1) => ({ generation, desired, replicas: 2 })

describe('what is planned', () => {
  it('keeps the revision that it was made with, and says that of another engine from then on, in what is wanted and in its run', () => {
    const same = asMadeNow(viewOf({ doc: wanting() }))
    expect(same.doc.desired).toMatchObject({ engine: { name: 'vllm', revision: 4 } })
    const doc = wanting({ run: runOf({ desired: v2, generation: 2 }) })
    const { doc: other } = asMadeNow(viewOf({ doc, policy: sglang }))
    expect([other.desired, other.run?.desired]).toMatchObject([made('sglang'), made('sglang')])
    expect(asMadeNow(viewOf()).doc).toEqual(viewOf().doc)
  })

  it('is as what is judged where the policy goes back to the engine of that', () => {
    const asked = { ...v2, engine: { name: 'sglang', revision: 1 } }
    const back = (desired: typeof v1) =>
      asMadeNow(viewOf({ doc: wanting({ desired: asked, baseline: baselineOf(desired) }) }))
    expect(back(v1).doc.desired).toMatchObject({ engine: { name: 'vllm', revision: 4 } })
    expect(back(asked).doc.desired).toMatchObject(made('vllm'))
  })
})

describe('what was refused', () => {
  const outcome = { kind: 'refused', reason: 'source-not-loadable', detail: 'd', against: 'a' } as never
  const anew = (over: Partial<LaneDocument> = {}) => refusedAnew(viewOf({ doc: wanting({ outcome, ...over }) }))

  it('is made as of today, since nothing of it is there', () => {
    expect(anew()).toMatchObject(made('vllm'))
    expect(anew({ baseline: baselineOf(v1) })).toMatchObject(made('vllm'))
  })

  it.each<[string, Partial<LaneDocument>]>([
    ['it was not refused', { outcome: null }],
    ['it serves', { baseline: baselineOf(v2) }],
    ['it was brought up', { brought: [2] }],
    ['it was judged', { judged: [baselineOf(v2, 2)] }],
    ['it was approved', { approved: {} as never }],
    ['a stage of it is finished', { kept: [{ step: 'train' }] as never }],
  ])('keeps its revisions where %s', (_, over) => {
    expect(anew(over)).toBe(v2)
  })
})
