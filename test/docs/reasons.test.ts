import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

/** The members of each union in core/reasons.ts, beside the rows of the section that tells of it. */
const SECTIONS = {
  Refusal: 'An input is no event',
  Ignored: 'An event intends nothing',
  Waiting: 'An event waits',
  PlanRefusal: 'No plan can be made',
  AnswerRefusal: 'An answer did not count',
  CommandRefusal: 'A command changed nothing',
  Failure: 'A run failed',
  RestReason: 'A lane rests',
}

describe('docs/reasons.md', () => {
  it.each(Object.entries(SECTIONS))('tells of each %s once, under “%s”, with what to do', (union, title) => {
    const body = new RegExp(`export type ${union} =([^;]*?)\\n\\n`).exec(read('core/reasons.ts'))?.[1] ?? ''
    const members = [...body.matchAll(/'([a-z-]+)'/g)].map(([, name]) => name)
    const section =
      read('docs/reasons.md')
        .split('\n## ')
        .find((text) => text.startsWith(title)) ?? ''
    const rows = [...section.matchAll(/^\| `([a-z-]+)` \| [^|]+ \| [^|]+ \|$/gm)].map(([, name]) => name)
    expect(members.length).toBeGreaterThan(2)
    expect(rows).toEqual(members)
  })
})
