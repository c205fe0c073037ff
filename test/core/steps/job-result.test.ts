import { describe, expect, it } from 'vitest'
import type { LaunchJobStep } from '../../../core/plan.ts'
import { asItDied, judgeResult, resultIn } from '../../../core/steps/job-result.ts'
import { NOTE } from '../../../core/text.ts'
import { podIn } from '../pods/objects.ts'
import { trainPlan } from '../training-fixture.ts'

const step = trainPlan().steps[0] as LaunchJobStep
const { name } = step.job.metadata
const folder = `${step.results.prefix}${name}-x7k2p`
const at = { bucket: step.results.bucket, key: `${folder}/result.json` }
const bytes = (object = name) =>
  Buffer.from(JSON.stringify({ object, metrics: { loss: 0.5, steps: 20 }, artifacts: {} }))
const lost = { failure: 'node-lost', note: 'its node was emptied' } as const

describe('what an ended Job has come to', () => {
  it('is its result, with where that lies; one of another Job is none', () => {
    const result = { bytes: bytes(), etag: 'e1', at, by: 'file' } as const
    const done = {
      kind: 'done',
      note: 'loss 0.5, steps 20',
      values: { loss: 0.5, steps: 20 },
      read: { etag: 'e1', at, by: 'file' },
    }
    expect(resultIn(name, result)).toEqual(done)
    expect(judgeResult(step, { name, pods: [], result, lost })).toEqual(done)
    expect(resultIn(name, { ...result, bytes: bytes('another') })).toMatchObject({
      reason: 'result-malformed',
      note: expect.stringContaining(`s3://${at.bucket}/${at.key}: `),
    })
  })

  it('is nothing without one, by where its pod would have written it', () => {
    const pod = { metadata: { name: `${name}-x7k2p` }, status: { phase: 'Succeeded' } }
    const [here, anywhere] = [pod, { status: { phase: 'Failed' } }].map((one) =>
      judgeResult(step, { name, pods: [one], result: null }),
    )
    expect(here).toMatchObject({
      reason: 'result-missing',
      note: expect.stringContaining(`s3://${at.bucket}/${at.key}`),
    })
    expect(anywhere).toMatchObject({
      reason: 'result-missing',
      note: expect.stringContaining(`/${name}-*/result.json`),
    })
  })

  it('is what took its pod, where that ended with 0 because it was told to stop', () => {
    expect(judgeResult(step, { name, pods: [podIn('drained-saved')], result: null, lost })).toMatchObject({
      reason: 'node-lost',
      note: expect.stringMatching(/^its pod was taken away, and it ended with 0 and no s3:.*: its node was emptied$/),
    })
    const long = judgeResult(step, { name, pods: [], result: null, lost: { ...lost, note: 'x'.repeat(5000) } })
    expect(long.kind === 'failed' && long.note.length).toBeLessThanOrEqual(NOTE)
  })

  it('and that it failed is told by what was seen while its pods were there, as long as none is', () => {
    const died = { failure: 'exit-code', note: 'train ended with exit 1' } as const
    const gone = { kind: 'failed', reason: 'pod-gone', note: 'nobody saw', ranUntil: 7 } as const
    expect(asItDied(gone, { pods: [], died })).toEqual({ ...gone, reason: 'exit-code', note: died.note })
    expect(asItDied(gone, { pods: [], died: undefined })).toBe(gone)
    expect(asItDied(gone, { pods: [{}], died })).toBe(gone)
    const done = { kind: 'done', note: 'complete', values: null } as const
    expect(asItDied(done, { pods: [], died })).toBe(done)
  })
})
