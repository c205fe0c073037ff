import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stagesSet, whyNotSet } from '../../../core/policy/set.ts'
import { parsePolicy } from '../../../core/policy.ts'
import example from '../../../signalbox.config.ts'

const { pipelines, services } = parsePolicy(example)
const { stages } = pipelines['support-chats']!

describe('what is set for one run', () => {
  it('takes the place of arguments, stands beside variables, and leaves the rest as the policy says', () => {
    const [train, evaluate] = stagesSet(stages, { train: { args: ['--lr', '1'], env: { EPOCHS: '3' } } })
    expect(train).toEqual({ ...stages[0], args: ['--lr', '1'], env: { ...stages[0]!.env, EPOCHS: '3' } })
    expect(evaluate).toBe(stages[1])
    expect(stagesSet(stages, {})).toEqual(stages)
  })

  it.each([
    [{ merge: { args: [] } }, /no stage `merge`: it is one of train, evaluate/],
    [{ train: { env: { RESULTS_URI: 's3://x' } } }, /^train\.env\.RESULTS_URI: /],
    [{ train: { env: { 'NOT A NAME': '' } } }, /^train\.env.*: name a variable with letters, digits and `_`/],
    [{ train: { args: ['x'.repeat(12_001)] } }, /a stage has at most 12000 bytes/],
    [{ constructor: { args: [] } }, /no stage/],
  ])('%j is refused as the policy would', (set, why) => {
    expect(whyNotSet({ stages, services }, set as never)).toMatch(why)
  })

  it('a monitor is not told to report where nobody hears of it', () => {
    const monitor = { ...stages[1]!, name: undefined, use: 'drift-monitor' as const, command: undefined }
    const heard = { 'support-llama': { drift: { reports: { bucket: 'b', prefix: 'drift/' } } } }
    const watch = [stages[0]!, { ...monitor, env: { REPORTS: 's3://b/drift/' } }]
    const set = (REPORTS: string) =>
      whyNotSet({ stages: watch, services: heard }, { 'drift-monitor': { env: { REPORTS } } })
    expect(set('s3://nobodys/place/')).toMatch(
      /^drift-monitor\.env\.REPORTS: found "s3:\/\/nobodys\/place\/", and nobody hears of what lies there: write s3:\/\/b\/drift\/,/,
    )
    expect(set('s3://b/drift/')).toBeNull()
  })

  it('that fits makes stages that the policy takes, whatever is in it', () => {
    const words = fc.array(fc.string({ maxLength: 20 }), { maxLength: 5 })
    fc.assert(
      fc.property(
        words,
        fc.dictionary(fc.stringMatching(/^[A-Z]{1,8}$/), fc.string({ maxLength: 20 })),
        (args, env) => {
          const set = { train: { args, env } }
          if (whyNotSet({ stages, services }, set) !== null) return
          const [train] = stagesSet(stages, set)
          const written = structuredClone(example.pipelines!['support-chats']!)
          Object.assign(written.stages[0]!, { args: train!.args, env: train!.env })
          const taken = parsePolicy({ ...example, pipelines: { 'support-chats': written } })
          expect(taken.pipelines['support-chats']!.stages[0]).toEqual(train)
        },
      ),
    )
  })
})
