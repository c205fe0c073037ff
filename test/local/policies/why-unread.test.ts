import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import { whyUnread } from '../../../local/policies/why-unread.ts'

const FILE = '/policies/signalbox.config.ts'
/** As Node throws them. */
const thrown = (message: string, more: { code?: string; stack?: string; url?: string } = {}): Error =>
  Object.assign(new Error(message), { stack: `Error: ${message}\n    at node:internal/modules:1:1`, ...more })
const syntax = (path: string, message: string, code = 'ERR_INVALID_TYPESCRIPT_SYNTAX') =>
  thrown(message, {
    code,
    stack: `${path}:4\n  b: [2,\n  c: 3,\n   ^\n\nSyntaxError [${code}]: ${message}\n    at parse`,
  })

it.each([
  ['a slip', syntax(FILE, "Expected ',', got ':'"), `${FILE}:4: Expected ',', got ':'`],
  ['one in a file that it imports', syntax('/policies/pools.ts', 'x'), `${FILE}: /policies/pools.ts:4: x`],
  [
    'a name that is not there',
    thrown('b is not defined', {
      stack: `ReferenceError: b is not defined\n    at file://${FILE}?123.5:3:21\n    at ModuleJob.run (node:internal)`,
    }),
    `${FILE}:3: b is not defined`,
  ],
  ['what is thrown without a place', thrown('on\ntwo lines'), `${FILE}: on two lines`],
  ['what is no error', 'text', `${FILE}: text`],
])('%s: file, line and reason on one line', (_, error, text) => {
  expect(whyUnread(FILE, error)).toBe(text)
})

it.each([
  ['an enum', syntax(FILE, 'TypeScript enum is not supported', 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX'), 'const SIZE = {'],
  ['a namespace', syntax(FILE, 'namespace is not', 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX'), 'write constants'],
  ['other code', syntax(FILE, 'parameter property', 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX'), 'plain JavaScript'],
  [
    'a package',
    thrown(`Cannot find package '@acme/pools' imported from ${FILE}`, { code: 'ERR_MODULE_NOT_FOUND' }),
    '`npm install @acme/pools`',
  ],
  [
    'a file',
    thrown('Cannot find module', { code: 'ERR_MODULE_NOT_FOUND', url: 'file:///policies/none' }),
    'whole name with its ending',
  ],
])('%s that Node does not run or find: what to write', (_, error, cure) => {
  expect(whyUnread(FILE, error)).toContain(cure)
})

it.each(['signalbox', 'signalbox-policy', '@signalbox/core', '@acme/signalbox'])(
  'nobody is told to install %s, which is on no registry: what it is imported from, seen from the policy',
  (name) => {
    const error = thrown(`Cannot find package '${name}' imported from x`, { code: 'ERR_MODULE_NOT_FOUND' })
    const here = new URL('../../../', import.meta.url).pathname
    for (const [file, from] of [
      [`${here}signalbox.config.ts`, './core/policy.ts'],
      [`${here}team/policies/a.ts`, '../../core/policy.ts'],
    ] as const) {
      const said = whyUnread(file, error)
      expect(said).not.toMatch(/npm i|install it/i)
      expect(said).toContain(`do not install \`${name}\` from one: write \`from '${from}'\`, or leave the import out`)
      expect(said).toContain('`export default { … }`')
    }
  },
)

it('an import without its ending is told the ending that is there', () => {
  const dir = mkdtempSync(join(tmpdir(), 'signalbox-unread-'))
  writeFileSync(join(dir, 'pools.ts'), '')
  const { href } = pathToFileURL(join(dir, 'pools'))
  const error = thrown('Cannot find module', { code: 'ERR_MODULE_NOT_FOUND', url: href })
  expect(whyUnread(FILE, error)).toMatch(/it ends with `pools\.ts`$/)
  rmSync(dir, { recursive: true })
})
