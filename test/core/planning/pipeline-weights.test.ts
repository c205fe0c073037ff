import { expect, it } from 'vitest'
import type { TrainDesired } from '../../../core/desired.ts'
import { weightsAsk, weightsTags, weightsText, whyNotOn } from '../../../core/planning/pipeline-weights.ts'
import { parsePolicy } from '../../../core/policy.ts'
import example from '../../example.ts'
import { desired, NOW } from '../training-fixture.ts'

const policy = parsePolicy(example)
const weights = {
  ...{ model: 'support-llama', version: '7', made: NOW, source: 's3://acme-results/results/a/model', runId: null },
  by: null,
}
const on = (more: Partial<typeof weights> = {}): TrainDesired => ({ ...desired, weights: { ...weights, ...more } })

it('runs on weights from where the policy lets them come, and on nothing with an odd address', () => {
  expect([whyNotOn(on(), policy, []), whyNotOn(desired, policy, [])]).toEqual([null, null])
  expect(whyNotOn(on({ source: 's3://elsewhere/m/' }), policy, [])).toMatchObject({
    reason: 'source-not-allowed',
    detail: expect.stringContaining('s3://elsewhere/m/'),
  })
  expect(whyNotOn(on({ source: 's3://acme-results/results/../x' }), policy, [])?.reason).toBe('source-not-allowed')
})

it('refuses on paper what a stage would be given and its pod could not fetch', () => {
  const hub = on({ source: 'hf://acme/llama' })
  const open = { ...policy, sources: ['hf://acme/'] }
  const look = { name: 'look', runner: { inputs: ['model'] } }
  expect(whyNotOn(hub, open, [look])).toMatchObject({
    reason: 'source-not-allowed',
    detail: expect.stringMatching(/^look has its model fetched, .* hf:\/\/acme\/llama: copy it there/),
  })
  // What streams it, and what begins from another model, has no need of it.
  expect(whyNotOn(hub, open, [{ name: 'look', runner: { inputs: [] } }])).toBeNull()
  expect(whyNotOn(hub, open, [{ ...look, model: 's3://acme-results/base/' }])).toBeNull()
  expect(whyNotOn(hub, open, [{ name: 'a', model: 's3://acme-results/base/' }, look])).toBeNull()
  expect(whyNotOn(on(), open, [look])).toBeNull()
})

it('refuses an adapter where a preset loads whole weights, before anybody is asked, and says on the card that it is one', () => {
  const adapter = { ...desired, weights: { ...weights, adapter: true as const } }
  const named = on({ source: 's3://acme-results/results/a/adapter/' })
  const quantize = { use: 'quantize' as const, runner: { inputs: ['model'] } }
  for (const one of [adapter, named])
    expect(whyNotOn(one, policy, [quantize])).toMatchObject({
      reason: 'source-not-loadable',
      detail: expect.stringMatching(/^this version is an adapter, and quantize works on whole weights: merge it/),
    })
  // Whole weights; a program that may know what it is; what reads what another stage has made.
  const merge = { name: 'join', command: ['python', 'join.py'], runner: { inputs: ['model'] } }
  const after = { use: 'scan' as const, runner: { inputs: ['join'] } }
  expect([
    whyNotOn(on(), policy, [quantize]),
    whyNotOn(adapter, policy, [merge, after]),
    whyNotOn(adapter, policy, [{ ...quantize, command: ['own'] }]),
    whyNotOn(adapter, policy, [{ ...quantize, model: 's3://acme-results/base/' }]),
  ]).toEqual([null, null, null, null])
  expect(whyNotOn(adapter, policy, [merge, { ...after, runner: { inputs: ['model'] } }])?.detail).toContain(
    'scan works',
  )
  expect(weightsText(adapter.weights)).toMatch(/^support-llama v7 \(an adapter\): /)
  expect(weightsText(weights)).not.toContain('adapter')
})

it('says which version, and who made it', () => {
  expect(weightsText({ ...weights, ours: true, by: 'support-chats', pin: 'version:1' })).toBe(
    'support-llama v7: registered here by pipeline/support-chats, after its gates; it lies at s3://acme-results/results/a/model',
  )
  expect(weightsText({ ...weights, by: 'ana', runId: 'r1' })).toMatch(
    /^support-llama v7: made by ana, as the registry says, of the run r1; it lies at /,
  )
  expect(weightsText(weights)).toContain('the registry does not say who made it')
})

it('asks people about what no pipeline of ours has registered after its gates, whatever it costs', () => {
  expect([
    weightsAsk({ ...desired, weights: { ...weights, ours: true } }, policy),
    weightsAsk(desired, policy),
  ]).toEqual([undefined, undefined])
  expect(weightsAsk(on({ source: 's3://acme-results/models/x/' }), policy)).toContain('not pinned')
  expect(weightsAsk(on(), policy)).toMatch(/^not proven to be what a pipeline registered here: .* is run on$/)
})

it('is said by what is made of it', () => {
  expect(weightsTags(on())).toEqual({ 'signalbox.dev/from-version': 'support-llama/7' })
  expect(weightsTags(desired)).toEqual({})
})
