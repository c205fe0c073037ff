import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Import, scan } from '../../../scripts/house/imports.ts'
import { anyText } from '../../any-text.ts'

/** Every form of import, made for a specifier, with what the scanner must say of it. */
const FORMS: { make: (from: string) => string; typeOnly: boolean; form: Import['form'] }[] = [
  { make: (from) => `import '${from}'`, typeOnly: false, form: 'import' },
  { make: (from) => `import thing from "${from}"`, typeOnly: false, form: 'import' },
  { make: (from) => `import { one, two as three } from '${from}'`, typeOnly: false, form: 'import' },
  { make: (from) => `import {\n  one,\n  type Two,\n} from '${from}'`, typeOnly: false, form: 'import' },
  { make: (from) => `import { type Two } from '${from}'`, typeOnly: false, form: 'import' },
  { make: (from) => `import { from } from '${from}'`, typeOnly: false, form: 'import' },
  { make: (from) => `import { 'a-b' as ab } from '${from}'`, typeOnly: false, form: 'import' },
  { make: (from) => `import all, * as rest from '${from}';`, typeOnly: false, form: 'import' },
  { make: (from) => `import data from '${from}' with { type: 'json' }`, typeOnly: false, form: 'import' },
  { make: (from) => `import type from '${from}'`, typeOnly: false, form: 'import' },
  { make: (from) => `import type Thing from '${from}'`, typeOnly: true, form: 'import' },
  { make: (from) => `import type { One } from '${from}'`, typeOnly: true, form: 'import' },
  { make: (from) => `import type * as all from '${from}'`, typeOnly: true, form: 'import' },
  { make: (from) => `export * from '${from}'`, typeOnly: false, form: 're-export' },
  { make: (from) => `export * as all from '${from}'`, typeOnly: false, form: 're-export' },
  { make: (from) => `export { one } from '${from}'`, typeOnly: false, form: 're-export' },
  { make: (from) => `export type { One } from '${from}'`, typeOnly: true, form: 're-export' },
  { make: (from) => `export type * from '${from}'`, typeOnly: true, form: 're-export' },
  { make: (from) => `const later = await import('${from}')`, typeOnly: false, form: 'dynamic' },
  { make: (from) => `const later = await import(\`${from}\`)`, typeOnly: false, form: 'dynamic' },
  { make: (from) => `const soon = import('${from}').then((all) => all)`, typeOnly: false, form: 'dynamic' },
  { make: (from) => `const text = \`\${(await import('${from}')).text}\``, typeOnly: false, form: 'dynamic' },
  { make: (from) => `let one: import('${from}').One<string>`, typeOnly: true, form: 'dynamic' },
  { make: (from) => `let all: typeof import('${from}')`, typeOnly: true, form: 'dynamic' },
]

/** Text that looks like an import or hides one, and is none. */
const NOISE = [
  "// import 'x'\n",
  "/* import a from 'x'\n export * from 'y' */",
  "/** {@link import('x').Y} */",
  'const a = "import \'x\'"',
  "const b = `import c from 'x' ${`inner ${1} import('z')`} export * from 'y'`",
  "const d = /import('x')[/'\"]/.test(e) ? 4 / 2 : 8 / 4 / 2",
  "const meta = import.meta.resolve('./x.ts')",
  "thing.import('x')",
  "export const from = 'x'",
  "export type From = 'a' | 'b'",
  'export { meta }',
  "export default { import: 'x', export: 'y' }",
  'if (a < b) { return `${a}` }',
  "const it's = 1",
  "const escaped = '\\'import \"x\"'",
]

const specifier = fc.stringMatching(/^(\.\.?\/)?[a-z@][a-z0-9/:._-]{0,20}$/)

describe('the import scanner', () => {
  it('finds every form of import among anything else, in order and on its line', () => {
    const statement = fc.record({ form: fc.constantFrom(...FORMS), from: specifier })
    const piece = fc.oneof(statement, fc.constantFrom(...NOISE))
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        let line = 1
        const expected: Import[] = []
        const texts = pieces.map((one) => {
          const text = typeof one === 'string' ? one : one.form.make(one.from)
          if (typeof one !== 'string')
            expected.push({ specifier: one.from, line, typeOnly: one.form.typeOnly, form: one.form.form })
          line += text.split('\n').length
          return text
        })
        expect(scan(texts.join('\n')).imports).toEqual(expected)
      }),
      { numRuns: 500 },
    )
  })

  it('says of an import that is computed that it cannot be known', () => {
    for (const source of ['await import(path)', "await import('./' + name)", 'await import(`./${name}.ts`)'])
      expect(scan(source).imports).toMatchObject([{ specifier: null, form: 'dynamic', typeOnly: false }])
  })

  it('never throws and never hangs, whatever the text is', () => {
    const hostile = fc.array(
      fc.constantFrom(
        'import',
        'export',
        'from',
        "'",
        '"',
        '`',
        '${',
        '{',
        '}',
        '/',
        '*',
        '\\',
        '(',
        ')',
        '\n',
        'type',
        'process',
        '.env',
        'é',
        '#!',
      ),
    )
    fc.assert(
      fc.property(hostile, (parts) => Array.isArray(scan(parts.join('')).imports)),
      { numRuns: 2000 },
    )
    fc.assert(fc.property(anyText(), (text) => Array.isArray(scan(text).imports)))
  })
})

describe('what else is seen of a file', () => {
  it('a file that only hands on is a barrel, one that adds anything is not', () => {
    expect(scan("export * from './a.ts'\nexport { b } from './b.ts'\n").barrel).toBe(true)
    expect(scan("import { a } from './a.ts'\nexport { a }\n").barrel).toBe(true)
    expect(scan("export type { A } from './a.ts';").barrel).toBe(true)
    expect(scan("export * from './a.ts'\nexport const b = 1\n").barrel).toBe(false)
    expect(scan("import './a.ts'\n").barrel).toBe(false)
    expect(scan('').barrel).toBe(false)
  })

  it('every way to read the environment is seen on its line', () => {
    for (const source of [
      'process.env.HOME',
      "process['env']",
      'process?.env',
      'const { argv, env } = process',
      "import { env } from 'node:process'",
      'globalThis.process.env',
    ])
      expect(scan(`const first = 1\n${source}`).environment, source).toEqual([2])
    for (const source of [
      'process.argv',
      "'process.env'",
      '// process.env',
      'const { argv } = process',
      "import { argv } from 'node:process'",
    ])
      expect(scan(source).environment, source).toEqual([])
  })

  it('a file of types has nothing to run', () => {
    expect(
      scan("import type { A } from './a.ts'\nexport interface B { go(): Promise<A> }\nexport type C = () => B")
        .typesOnly,
    ).toBe(true)
    expect(scan('export const one = 1').typesOnly).toBe(false)
  })
})
