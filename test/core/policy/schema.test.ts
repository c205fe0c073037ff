import { expect, it } from 'vitest'
import { NewerPolicy, PolicyError, parsePolicy } from '../../../core/policy.ts'
import { exampleConfig } from '../training-fixture.ts'

it('a policy of this schema may say so, and is the same without', () => {
  expect(parsePolicy({ ...exampleConfig(), schema: 2 }).version).toBe(parsePolicy(exampleConfig()).version)
})

it('one of a newer schema is told apart from one that is wrong, and its unknown keys are named by their paths', () => {
  const config = exampleConfig() as unknown as { pipelines: Record<string, { stages: object[] }> }
  Object.assign(config.pipelines['support-chats']!.stages[1]!, { ranks: 4 })
  const newer = () => parsePolicy({ ...config, schema: 3, quotas: { a: 1 } })
  expect(newer).toThrow(NewerPolicy)
  expect(newer).toThrow(
    'schema: 3 is newer than 2, which this release reads: upgrade it first; keys that it does not know: pipelines.support-chats.stages.1.ranks, quotas',
  )
})

it('one of an older schema is wrong, and told what to write', () => {
  expect(() => parsePolicy({ ...exampleConfig(), schema: 1 })).toThrow(PolicyError)
  expect(() => parsePolicy({ ...exampleConfig(), schema: 1 })).toThrow('this release reads schema 2')
  expect(() => parsePolicy({ ...exampleConfig(), schema: '2' })).toThrow('write it without quotes')
  expect(() => parsePolicy({ ...exampleConfig(), schema: 1 })).not.toThrow(NewerPolicy)
})
