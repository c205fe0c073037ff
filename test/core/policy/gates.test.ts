import { expect, it } from 'vitest'
import { parseResult } from '../../../core/result.ts'
import { exampleWith, problemsOf } from '../training-fixture.ts'

const STAGE = 'pipelines.support-chats.stages.1.gates.0.metric'
const SERVICE = 'services.code-llama.gate.checks.0.metric'
const saidOf = (path: string, metric: string) => problemsOf(exampleWith([path, metric]))
const isRead = (metric: string) => {
  const bytes = new TextEncoder().encode(JSON.stringify({ object: 'o', metrics: { [metric]: 1 } }))
  return parseResult(bytes, { object: 'o', prefix: 's3://b/p/' }).ok
}

it.each(['F1 score', 'accuracy (%)', '_acc', 'eval:acc', '1st', 'größe', 'a'.repeat(81)])(
  'a figure that no result can name is refused before it is paid for: %j',
  (metric) => {
    expect(isRead(metric)).toBe(false)
    for (const path of [STAGE, SERVICE])
      expect(saidOf(path, metric)).toEqual([
        expect.stringContaining(
          `${path}: no result can name such a figure: begin with a letter, then letters, digits and \`_ . , / @ -\`, at most 80, and let the program write it so; found "${metric.slice(0, 40)}`,
        ),
      ])
  },
)

it('what evaluators call their figures is taken as results take it; what serves is told its figures with commas between', () => {
  for (const metric of ['score', 'acc,none', 'pass@1', 'mmlu/anatomy', 'p95_ms', 'a'.repeat(80)])
    expect([metric, isRead(metric), saidOf(STAGE, metric)]).toEqual([metric, true, []])
  expect(saidOf(SERVICE, 'p95.ms')).toEqual([])
  expect(saidOf(SERVICE, 'p95,ms')).toEqual([
    `${SERVICE}: the gate is told its figures with commas between them: write it without; found "p95,ms"`,
  ])
})
