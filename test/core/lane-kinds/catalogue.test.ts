import { describe, expect, it } from 'vitest'
import { kindOf, laneKinds, ruleFor } from '../../../core/lane-kinds/catalogue.ts'
import { laneOf } from '../../../core/lane-kinds/kind.ts'
import { parsePolicy } from '../../../core/policy.ts'
import config from '../../example.ts'

const policy = parsePolicy(config)

describe('every kind of lane', () => {
  it('has a name of its own that a lane’s name, a label and a question’s id can begin with', () => {
    const names = laneKinds.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(name).toMatch(/^[a-z][a-z-]*$/)
  })

  it('is found by the name of a lane, whole', () => {
    for (const kind of laneKinds) expect(kindOf(laneKinds, laneOf(kind, 'x/y'))).toBe(kind)
    for (const lane of ['', 'pipeline', 'pipelines/x', 'xpipeline/y', 'service-x/y', 'of-a-newer-release/x'])
      expect(kindOf(laneKinds, lane), lane).toBeUndefined()
  })

  it('finds the policy’s rule by name, and none by a name that every object has', () => {
    for (const kind of laneKinds) {
      for (const name of ['constructor', 'toString', '__proto__', 'nowhere'])
        expect(ruleFor(kind, laneOf(kind, name), policy), `${kind.name}/${name}`).toBeNull()
    }
    expect(laneKinds.map((kind) => ruleFor(kind, laneOf(kind, 'support-chats'), policy)?.lane)).toEqual([
      'pipeline/support-chats',
      undefined,
      undefined,
      undefined,
    ])
    expect(laneKinds.map((kind) => ruleFor(kind, laneOf(kind, 'support-llama'), policy)?.lane)).toEqual([
      undefined,
      'service/support-llama',
      undefined,
      undefined,
    ])
    expect(laneKinds.map((kind) => ruleFor(kind, laneOf(kind, 'gpu-train'), policy)?.lane)).toEqual([
      undefined,
      undefined,
      'pool/gpu-train',
      undefined,
    ])
    const ladder = parsePolicy({ ...config, budget: { dollars: 100, ladder: [{ at: 1, do: 'notify' }] } })
    expect(laneKinds.map((kind) => ruleFor(kind, laneOf(kind, 'ml-monthly'), ladder)?.lane)).toEqual([
      undefined,
      undefined,
      undefined,
      'budget/ml-monthly',
    ])
  })
})
