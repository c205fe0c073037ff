import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isNewEnough, tooOldMessage } from '../../cli/node-version.mjs'

const cli = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'cli')
const AN_OLD_NODE = `data:text/javascript,Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })`

let root: string

/** The start of the command line with a `main.ts` of ours beside it. */
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'signalbox-start-'))
  mkdirSync(join(root, 'cli'))
  for (const file of ['signalbox.mjs', 'node-version.mjs']) copyFileSync(join(cli, file), join(root, 'cli', file))
  writeFileSync(join(root, 'package.json'), '{"type":"module"}')
  main('console.log(JSON.stringify(argv)); return 3')
})
afterEach(() => rmSync(root, { recursive: true }))

const main = (body: string): void =>
  writeFileSync(
    join(root, 'cli', 'main.ts'),
    `export const main = async (argv: string[]): Promise<number> => { ${body} }`,
  )

/** The Node that comes with the package, as a script for the shell. */
const bundle = (script: string, shell = '/bin/sh'): void => {
  const folder = join(root, 'node_modules', `node-${process.platform}-${process.arch}`)
  mkdirSync(join(folder, 'bin'), { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{}')
  writeFileSync(join(folder, 'bin', 'node'), `#!${shell}\n${script}\n`)
  chmodSync(join(folder, 'bin', 'node'), 0o755)
}

const start = (before: string[], argv: string[]): ChildProcess =>
  spawn(process.execPath, [...before, join(root, 'cli', 'signalbox.mjs'), ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })

const run = async (before: string[], argv: string[]) => {
  const child = start(before, argv)
  let out = ''
  let err = ''
  child.stdout?.on('data', (data) => (out += data))
  child.stderr?.on('data', (data) => (err += data))
  const [code, signal] = await once(child, 'close')
  return { code, signal, out, err }
}

describe('signalbox on any Node', () => {
  it('runs at once on a Node that is new enough, and ends with the code of the command', async () => {
    expect(await run([], ['plan', '--json'])).toEqual({ code: 3, signal: null, out: '["plan","--json"]\n', err: '' })
  })

  it('goes on to its end when nobody reads what it prints any more', async () => {
    main("for (let n = 0; n < 50; n++) { console.log('x'.repeat(10_000)); await new Promise(setImmediate) } return 3")
    const child = start([], [])
    child.stdout?.destroy()
    let said = ''
    child.stderr?.on('data', (text) => (said += text))
    const [code] = await once(child, 'close')
    expect([code, said]).toEqual([3, ''])
  })

  it('keeps quiet about what it relies on, and shows every other warning', async () => {
    main(`process.emitWarning('SQLite is an experimental feature', 'ExperimentalWarning')
      process.emitWarning('something else', 'ExperimentalWarning'); process.emitWarning('watch out'); return 0`)
    const { err } = await run([], [])
    expect(err).not.toContain('SQLite')
    expect(err).toContain('something else')
    expect(err).toContain('watch out')
  })

  it('on an old one, goes on with the Node that came with the package, and ends as that ends', async () => {
    bundle('shift; echo "$@"; exit 7')
    expect(await run(['--import', AN_OLD_NODE], ['plan', 'a b'])).toEqual({
      code: 7,
      signal: null,
      out: 'plan a b\n',
      err: '',
    })
  })

  it('hands signals on to it', async () => {
    bundle(
      `exec "${process.execPath}" -e "process.on('SIGTERM', () => process.exit(5)); setInterval(() => {}, 1e6); console.log('ready')"`,
    )
    const child = start(['--import', AN_OLD_NODE], ['start'])
    if (child.stdout !== null) await once(child.stdout, 'data')
    child.kill('SIGTERM')
    expect(await once(child, 'close')).toEqual([5, null])
  })

  it('when that ends by a signal, ends by the same', async () => {
    bundle('kill -TERM $$')
    expect(await run(['--import', AN_OLD_NODE], [])).toMatchObject({ code: null, signal: 'SIGTERM' })
  })

  it.each([
    { why: 'no newer one came with the package', prepare: () => {} },
    { why: 'the one that came does not run on this machine', prepare: () => bundle('', '/no/such/loader') },
  ])('says what it needs and how to get it when $why', async ({ prepare }) => {
    prepare()
    const { code, out, err } = await run(['--import', AN_OLD_NODE], ['start'])
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toBe(tooOldMessage('20.20.2'))
  })
})

describe('the versions of Node', () => {
  it('are new enough when they run TypeScript as it is written', () => {
    for (const version of ['22.18.0', '22.19.1', '23.6.0', '24.0.0', '26.1.0'])
      expect(isNewEnough(version), version).toBe(true)
    for (const version of ['18.0.0', '20.20.2', '22.17.9', '23.5.0', ''])
      expect(isNewEnough(version), version).toBe(false)
  })

  it('the message names what is there, what is needed and three ways to it', () => {
    const message = tooOldMessage('20.1.0')
    for (const part of ['20.1.0', 'Node 24', 'nvm', 'fnm', 'volta']) expect(message).toContain(part)
  })
})

it('`npm start` is the product itself: who ends npm ends it too, and no shell stands between them', () => {
  const { scripts } = JSON.parse(readFileSync(join(dirname(cli), 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  expect(scripts['start']).toMatch(/^exec node /)
})
