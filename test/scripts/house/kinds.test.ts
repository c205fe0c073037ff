import { describe, expect, it } from 'vitest'
import { kindViolations } from '../../../scripts/house/kinds.ts'

const found = (source: string, file = 'flows/a.ts'): string[] => kindViolations(file, source)

describe('who asks which kind a lane, a desired state or an event is', () => {
  it('is told the line, and what to do instead', () => {
    expect(found("const a = 1\nif (desired.kind === 'serve') go()")).toEqual([
      "flows/a.ts:2 compares with 'serve', and only core/lane-kinds/ and core/reactions/ may: ask the value (a method of LaneKind or Reaction), or move the line to core/lane-kinds/ or core/reactions/",
    ])
  })

  it.each([
    "desired.kind === 'train'",
    "desired?.kind !== 'serve'",
    "'serve' === desired.kind",
    "desired['kind'] == 'train'",
    "desired.kind === 'none'",
    "'none' !== doc.desired.kind",
    "kind === 'none'",
    "'none' === doc.run?.desired?.kind",
    "desired['kind'] === 'none'",
    "event.type === 'dataset-uploaded'",
    "event.type !== 'model-promoted'",
    "letter.event.type == 'approval-answered'",
    "view.kind.name === 'service'",
    "lane.split('/')[0] === 'pipeline'",
    "lane === 'pipeline/support-chats'",
    'desired.kind === `train`',
  ])('by a comparison: %s', (source) => {
    expect(found(source)).toEqual([expect.stringContaining('compares with')])
  })

  it.each([
    "switch (desired.kind) { case 'train': break }",
    "switch (desired.kind) { case 'a': break; case 'none': break }",
    "switch (event.type) { case 'plan-finished': break }",
    "switch (word) { case 'pipeline': break }",
  ])('by a case: %s', (source) => {
    expect(found(source)).toEqual([expect.stringContaining('has a case of')])
  })

  it.each([
    "lane.startsWith('pipeline/')",
    "lane.startsWith('service/') ? a : b",
    "lane.slice('service/'.length)",
    "lane.replace('pipeline/', '')",
    'lane === `pipeline/${name}`',
    'const lane = `service/${name}`',
    '/^pipeline\\//.test(lane)',
    '/^(pipeline|service)\\/(.+)$/.exec(lane)',
    "new RegExp('pipeline/')",
  ])('by taking a lane’s name apart, or by making one: %s', (source) => {
    expect(found(source)).toEqual([expect.stringContaining('takes a lane apart by')])
  })

  it.each([
    "['train', 'serve'].includes(desired.kind)",
    "new Set(['pipeline', 'other']).has(kind)",
    "({ train: 'a', serve: 'b' })[desired.kind]",
    "const text = { serve: 'a' }[kind]",
    "const text = { 'dataset-uploaded': { a: [1] }, x: 2 }[event.type]",
  ])('by a list or a table: %s', (source) => {
    expect(found(source)).not.toEqual([])
  })

  it.each([
    "step.kind === 'launch-job'",
    "planned.kind === 'nothing'",
    "said === 'none' ? {} : token",
    "return text || 'none'",
    "said === 'none' ? a : b.kind",
    "const a = b.kind, c = said === 'none'",
    "const event = { type: 'dataset-uploaded', id }",
    "const desired: TrainDesired = { kind: 'train', dataset }",
    "const NAME = 'train'",
    "const LANE = 'pipeline/support-chats'",
    "'say which: /api/why?lane=pipeline/…'",
    "import { door } from './dataset-uploaded.ts'",
    "['train', 'serve'].join(', ')",
    "object.kind === 'Service'",
    "({ manifest: 'objects', promotion: 'registry' })[kind]",
    "// lane.startsWith('pipeline/')",
    'if (kind.stands && kind.isNothing(desired)) go()',
    "switch (promotion.kind) { case 'alias': break }",
    "switch (mode) { case 'none': break }",
    '/^out\\/([a-z]+)\\/(.+)$/.exec(group)',
  ])('and nobody is who does not: %s', (source) => {
    expect(found(source)).toEqual([])
  })

  it.each([
    'core/lane-kinds/service.ts',
    'core/lane-kinds/catalogue.ts',
    'core/reactions/a.ts',
    'test/a.test.ts',
    'bench/a.ts',
  ])('%s may', (file) => {
    expect(found("lane.startsWith('pipeline/') && desired.kind === 'serve'", file)).toEqual([])
  })

  it.each([
    'core/planning/serve.ts',
    'core/lane/next.ts',
    'local/page/views.ts',
    'cli/main.ts',
    'functions/a.ts',
    'infra/a.ts',
    'effects/a/b.ts',
    'events/a.ts',
    'scripts/a.ts',
    'signalbox.config.ts',
  ])('%s may not', (file) => {
    expect(found("desired.kind === 'serve'", file)).toHaveLength(1)
  })

  it('whatever a file holds, it is read to its end', () => {
    for (const source of ['', "'", '[', 'switch', "case 'none'", '}[kind', "=== 'none'", "[,'train'"])
      expect(found(source).length).toBeLessThanOrEqual(1)
  })
})
