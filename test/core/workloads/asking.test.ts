import { expect, it } from 'vitest'
import { askedBy, questionsEnv } from '../../../core/workloads/asking.ts'

const told = (asked: Parameters<typeof questionsEnv>[0]) => askedBy({ name: 'gate-check', env: [questionsEnv(asked)] })

it('who approves a gate sees what is asked, and what an answer must have', () => {
  expect(
    told({
      prompts: [
        { prompt: 'Capital of France, for $(USD)?', contains: ['paris'], lacks: ['London'], matches: '^P$' },
        { prompt: 'Hello', maxTokens: 8 },
      ],
      ...{ requests: 40, concurrency: 1, timeoutSeconds: 30, waitSeconds: 90 },
    }),
  ).toEqual([
    'Capital of France, for $(USD)? (has paris; has no London; fits ^P$)',
    'Hello (8 tokens at most)',
    '40 requests, 1 at once, 30 s for each, 90 s until it answers at all',
  ])
})

it('long ones are cut, and many are counted', () => {
  const prompts = Array.from({ length: 100 }, () => ({ prompt: 'a'.repeat(4000) }))
  const asked = told({ prompts })
  expect(asked).toHaveLength(11)
  expect(asked.at(-1)).toBe('and 90 more')
  expect(asked.join('').length).toBeLessThan(2000)
})

it('who is told nothing, or what is none of ours, asks nothing that we know', () => {
  expect(told({})).toEqual([])
  for (const value of ['s3://b/questions.json', 'null', '{"prompts":5}', undefined as never])
    expect(askedBy({ name: 'a', env: [{ name: 'SIGNALBOX_QUESTIONS', value }] })).toEqual([])
  expect(askedBy({ name: 'a' })).toEqual([])
})
