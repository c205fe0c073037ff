import { globSync, readFileSync } from 'node:fs'
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
  Unrested: 'A lane does not rest',
  RequestRefusal: 'A request was not served',
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
    expect(members.length).toBeGreaterThan(1)
    expect(rows).toEqual(members)
  })

  it('tells of every code that the product answers with, wherever it is written', () => {
    const root = new URL('../../', import.meta.url).pathname
    const files = globSync(['{core,flows,functions}/**/*.ts', 'local/*.ts', 'local/{server,page}/**/*.ts'], {
      cwd: root,
    })
    const codes = files.flatMap((file) => [
      ...read(file).matchAll(/\b(?:error|refused|reason|why): '([a-z]+(?:-[a-z]+)*)'/g),
    ])
    const known = new Set([...read('docs/reasons.md').matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, code]) => code))
    expect(codes.length).toBeGreaterThan(100)
    expect(codes.filter(([, code]) => !known.has(code)).map(([text]) => text)).toEqual([])
  })
})
