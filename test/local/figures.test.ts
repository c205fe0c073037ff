import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parsePolicy } from '../../core/policy.ts'
import { metricsOf } from '../../local/cluster/program.ts'
import { failingFigures, figuresOfGate, figuresOfStages } from '../../local/figures.ts'
import example from '../example.ts'

const policy = parsePolicy(example)
const [stage] = policy.pipelines['support-chats']!.stages
const service = policy.services['support-llama']!
type Gate = NonNullable<typeof stage>['gates'][number]
const staged = (...stages: [string, Gate[]][]) =>
  figuresOfStages({ stages: stages.map(([use, gates]) => ({ ...stage!, use: use as 'evaluate', gates })) })

describe('what simulated containers are told, so that gates hold', () => {
  it('is nothing where they say all of it by themselves', () => {
    expect(figuresOfStages(policy.pipelines['support-chats']!)).toBeNull()
    expect(figuresOfGate(service)).toBeNull()
  })

  it('is what no container says, and what one says that is not enough, beside what it is asked else', () => {
    expect(
      staged([
        'evaluate',
        [
          { metric: 'score', op: '>=', value: 0.5 },
          { metric: 'map', op: '>=', value: 0.6 },
        ],
      ]),
    ).toEqual({
      tasks: { evaluate: { metrics: { score: 0.87, map: 0.6 } } },
    })
    expect(staged(['evaluate', [{ metric: 'score', op: '>=', value: 0.95 }]])).toEqual({
      tasks: { evaluate: { metrics: { score: 0.95 } } },
    })
  })

  it('is the artifact that is registered, where that is no whole weights', () => {
    const rule = policy.pipelines['support-chats']!
    const register = { ...rule.register!, artifact: 'adapter' as const, from: 'train' }
    expect(figuresOfStages({ ...rule, register })).toEqual({ tasks: { 'fine-tune': { artifacts: ['adapter'] } } })
  })

  it('holds for all stages of one task', () => {
    expect(
      staged(
        ['evaluate', [{ metric: 'map', op: '>=', value: 0.6 }]],
        ['evaluate', [{ metric: 'map', op: '>=', value: 0.7 }]],
      ),
    ).toEqual({ tasks: { evaluate: { metrics: { map: 0.7 } } } })
  })
})

it('figures of a worse version pass no check, whatever it asks', () => {
  const check = fc.record({
    metric: fc.constantFrom('health', 'p95_ms', 'mine'),
    op: fc.constantFrom('>=' as const, '<=' as const),
    value: fc.double({ noNaN: true, min: -1e6, max: 1e6 }),
  })
  fc.assert(
    fc.property(check, (one) => {
      const gate = { ...service.gate, checks: [one] }
      const figure = failingFigures({ gate }).tasks?.['gate-check']?.metrics?.[one.metric] ?? Number.NaN
      expect(one.op === '>=' ? figure < one.value : figure > one.value).toBe(true)
      const told = figuresOfGate({ gate })?.tasks?.['gate-check']?.metrics ?? metricsOf('gate-check')
      const good = told[one.metric] ?? Number.NaN
      expect(one.op === '>=' ? good >= one.value : good <= one.value).toBe(true)
    }),
  )
})
