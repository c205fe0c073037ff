import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stagesSet, whyNotSet } from '../../../core/policy/set.ts'
import { parsePolicy } from '../../../core/policy.ts'
import example from '../../../signalbox.config.ts'

const policy = parsePolicy(example)
const { stages } = policy.pipelines['support-chats']!

describe('what is set for one run', () => {
  it('takes the place of arguments, stands beside variables, and leaves the rest as the policy says', () => {
    const [train, evaluate] = stagesSet(stages, { train: { args: ['--lr', '1'], env: { EPOCHS: '3' } } })
    expect(train).toEqual({ ...stages[0], args: ['--lr', '1'], env: { ...stages[0]!.env, EPOCHS: '3' } })
    expect(evaluate).toBe(stages[1])
    expect(stagesSet(stages, {})).toEqual(stages)
  })

  it('wins over what `pod`, or a manifest, says of the same variables', () => {
    const containers = [
      {
        name: 'train',
        env: [
          { name: 'EPOCHS', value: '1' },
          { name: 'SEED', value: '7' },
        ],
      },
      { name: 'log', env: [{ name: 'EPOCHS', value: '1' }] },
    ]
    const [train] = stagesSet([{ ...stages[0]!, pod: { containers } }], { train: { env: { EPOCHS: '3' } } })
    expect(train?.env).toMatchObject({ EPOCHS: '3' })
    expect(train?.pod?.containers).toEqual([{ name: 'train', env: [{ name: 'SEED', value: '7' }] }, containers[1]])
  })

  it.each([
    [{ merge: { args: [] } }, /no stage `merge`: it is one of train, evaluate/],
    [{ train: { env: { RESULTS_URI: 's3://x' } } }, /^train\.env\.RESULTS_URI: /],
    [{ train: { env: { 'NOT A NAME': '' } } }, /^train\.env.*: name a variable with letters, digits and `_`/],
    [{ train: { args: ['x'.repeat(12_001)] } }, /a stage has at most 12000 bytes/],
    [{ constructor: { args: [] } }, /no stage/],
  ])('%j is refused as the policy would', (set, why) => {
    expect(whyNotSet(stages, set as never, policy)).toMatch(why)
  })

  it('leaves no report of drift where nobody hears of it', () => {
    const reports = { bucket: 'acme-drift', prefix: 'chats/' }
    const monitor = { ...stages[0]!, name: 'watch', use: 'drift-monitor', command: undefined } as never
    const services = { 'support-llama': { ...policy.services['support-llama'], drift: { reports } } } as never
    const why = (uri: string) => whyNotSet([monitor], { watch: { env: { REPORTS: uri } } }, { services })
    expect(why('s3://nobodys/place/')).toMatch(/^watch\.env\.REPORTS: found .*nobody hears of what lies there/)
    expect(why('s3://acme-drift/chats/')).toBeNull()
  })

  it('that fits makes stages that the policy takes, whatever is in it', () => {
    const words = fc.array(fc.string({ maxLength: 20 }), { maxLength: 5 })
    fc.assert(
      fc.property(
        words,
        fc.dictionary(fc.stringMatching(/^[A-Z]{1,8}$/), fc.string({ maxLength: 20 })),
        (args, env) => {
          const set = { train: { args, env } }
          if (whyNotSet(stages, set, policy) !== null) return
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
