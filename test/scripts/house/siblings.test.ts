import { describe, expect, it } from 'vitest'
import { missingSiblings, type Siblings } from '../../../scripts/house/siblings.ts'

const COMPLETE = [
  'core/lane-kinds/pipeline.ts',
  'core/lane/next.ts',
  'core/planning/pipeline.ts',
  'core/reactions/dataset-uploaded.ts',
  'core/steps/launch-job.ts',
  'core/steps/next.ts',
  'core/workloads/serving.ts',
  'events/approval-answered.ts',
  'events/dataset-uploaded.ts',
  'events/plan-finished.ts',
  'events/samples/approval-answered/approve.json',
  'events/samples/dataset-uploaded/base.json',
  'events/samples/plan-finished/succeeded.json',
  'functions/dataset-uploaded.ts',
  'functions/slack-interaction.ts',
  'test/core/lane-kinds/pipeline.test.ts',
  'test/core/lane/next.test.ts',
  'test/core/planning/pipeline.test.ts',
  'test/core/reactions/dataset-uploaded.test.ts',
  'test/core/steps/launch-job.test.ts',
  'test/core/workloads/serving.test.ts',
  'test/events/approval-answered.test.ts',
  'test/events/dataset-uploaded.test.ts',
  'test/events/plan-finished.test.ts',
  'test/ports/ledger.contract.ts',
  'test/ports/queue.contract.ts',
]

const tree = (changes: Partial<Siblings> = {}): Siblings => ({
  paths: COMPLETE,
  contracts: ['approval-answered', 'dataset-uploaded', 'plan-finished'],
  ports: ['ledger', 'queue', 'clock'],
  typesOnly: new Set(['core/steps/next.ts']),
  ...changes,
})

describe('the siblings of a stem', () => {
  it('a complete house lacks nothing', () => {
    expect(missingSiblings(tree())).toEqual([])
  })

  it.each(
    COMPLETE.filter(
      (path) =>
        path.startsWith('test/') ||
        path.startsWith('functions/') ||
        path.startsWith('core/reactions/') ||
        /^events\/[^/]+\.ts$/.test(path),
    ),
  )('without %s, exactly that file is asked for', (path) => {
    const found = missingSiblings(tree({ paths: COMPLETE.filter((one) => one !== path) }))
    expect(found).toEqual([expect.stringMatching(new RegExp(`^add ${path.replaceAll('.', '\\.')}: .+`))])
  })

  it('a contract without a sample is asked for one', () => {
    const paths = COMPLETE.filter((path) => !path.startsWith('events/samples/plan-finished/'))
    expect(missingSiblings(tree({ paths }))).toEqual([
      expect.stringContaining('add events/samples/plan-finished/<case>.json'),
    ])
  })

  it('samples without a contract are told about', () => {
    const paths = [...COMPLETE, 'events/samples/quota-reached/base.json']
    expect(missingSiblings(tree({ paths }))).toEqual([
      expect.stringContaining('add events/quota-reached.ts to events/catalogue.ts'),
    ])
  })

  it('a new contract and a new port must say what they need', () => {
    const found = missingSiblings(
      tree({ contracts: [...tree().contracts, 'constructor'], ports: ['ledger', 'toString'] }),
    )
    expect(found).toContainEqual(expect.stringContaining('add constructor to STEMS'))
    expect(found).toContainEqual(expect.stringContaining('add toString to PORTS'))
  })

  it('a file with nothing to run needs no test', () => {
    expect(missingSiblings(tree({ typesOnly: new Set() }))).toEqual([
      expect.stringContaining('add test/core/steps/next.test.ts'),
    ])
  })
})
