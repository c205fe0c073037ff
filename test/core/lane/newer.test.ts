import { describe, expect, it } from 'vitest'
import { emptyDocument, type LaneDocument, SCHEMA } from '../../../core/lane/document.ts'
import { newerIn } from '../../../core/lane/newer.ts'

const doc = (over: object = {}): LaneDocument =>
  ({ ...emptyDocument({ installation: 'i', cluster: 'c' }, 'pipeline/a'), ...over }) as LaneDocument
const run = (over: object = {}) => ({ phase: 'steps', steps: [{ kind: 'launch-job', state: 'running' }], ...over })
const AND = ': deploy the release that wrote it, or a newer one'

describe('what a newer release has written', () => {
  it.each([
    [
      'a greater schema',
      { schema: SCHEMA + 1 },
      `its document has schema ${SCHEMA + 1}; this release reads up to ${SCHEMA}`,
    ],
    [
      'a greater schema with keys of its own, whatever its run looks like',
      { schema: SCHEMA + 1, tenant: 'a', owner: 'b', run: { steps: 'elsewhere' } },
      `its document has schema ${SCHEMA + 1}; this release reads up to ${SCHEMA}, and knows nothing of tenant, owner`,
    ],
    ['a phase', { run: run({ phase: 'staged' }) }, 'this release knows no phase staged of a run'],
    [
      'a kind of step',
      { run: run({ steps: [{ kind: 'drain-node', state: 'pending' }] }) },
      'this release knows no step of the kind drain-node',
    ],
    [
      'a state of a step',
      { run: run({ steps: [{ kind: 'notify', state: 'suspended' }] }) },
      'this release knows no step that is suspended',
    ],
  ])('%s is named, with what to do', (_, over, text) => {
    expect(newerIn(doc(over))).toBe(`${text}${AND}`)
  })

  it('nothing, where all is known or only keys are not', () => {
    for (const over of [{}, { tenant: 'a' }, { run: run() }, { run: run({ zone: 'b' }) }, { schema: 0 }])
      expect(newerIn(doc(over))).toBeNull()
  })
})
