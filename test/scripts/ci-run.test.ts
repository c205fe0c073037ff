import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
let root: string

/** A made-up repository: the real `.ci/run`, an `npm` of ours, and lanes. */
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'signalbox-ci-'))
  for (const folder of ['.ci', 'scripts', 'test/slow', 'node_modules/.bin'])
    mkdirSync(join(root, folder), { recursive: true })
  for (const file of ['.ci/run', 'scripts/lane.ts', 'scripts/vitest-tally.ts'])
    copyFileSync(join(repository, file), join(root, file))
  writeFileSync(join(root, 'package.json'), '{"type":"module"}')
  npm({})
  // Whether the machine has one or not.
  writeFileSync(join(root, 'node_modules/.bin/go'), '#!/bin/sh\n')
  chmodSync(join(root, 'node_modules/.bin/go'), 0o755)
})
afterEach(() => rmSync(root, { recursive: true }))

const GREEN = { numPassedTests: 10, numFailedTests: 0, testResults: [{ status: 'passed', assertionResults: [] }] }

const INFRA = { ...GREEN, numPassedTests: 20 }
const LONG = { ...GREEN, numPassedTests: 5 }
const RUNNER = { ...GREEN, numPassedTests: 7 }
const REAL = { ...GREEN, numPassedTests: 100 }

/** An `npm` whose commands end with these codes, and whose tests leave these reports; null: none. */
const npm = ({
  ci = 0,
  check = 0,
  test = 0,
  report = GREEN as unknown,
  real = 0,
  realReport = REAL as unknown,
  synth = 0,
  infra = 0,
  /** Shell that the real lane does first. */
  realDoes = ':',
}): void => {
  const copy = (file: string, value: unknown): string => {
    writeFileSync(join(root, file), JSON.stringify(value))
    if (value === null) return ':'
    return `for part in "$@"; do case "$part" in --outputFile.json=*) cp ${file} "\${part#*=}";; esac; done`
  }
  const path = join(root, 'node_modules/.bin/npm')
  const answers = [
    `ci*) exit ${ci};;`,
    `"run check") exit ${check};;`,
    `"run synth") exit ${synth};;`,
    `"run test:long") ${copy('long.json', LONG)}; exit 0;;`,
    `"run test:infra") ${copy('infra.json', INFRA)}; exit ${infra};;`,
    `"run test:runner") ${copy('runner.json', RUNNER)}; exit 0;;`,
    `"run test:real") ${realDoes}; ${copy('real.json', realReport)}; exit ${real};;`,
    `"run test") ${copy('report.json', report)}; exit ${test};;`,
  ]
  writeFileSync(path, `#!/bin/sh\ncase "$1 $2" in\n${answers.join('\n')}\nesac\nexit 9\n`)
  chmodSync(path, 0o755)
}

const slow = (name: string, source: string): void => writeFileSync(join(root, 'test/slow', `${name}.ts`), source)

const run = async (): Promise<{ code: number; last: string; out: string }> => {
  const path = `${dirname(process.execPath)}:/usr/bin:/bin`
  const child = spawn('bash', [join(root, '.ci/run')], {
    cwd: tmpdir(),
    env: { PATH: path },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout.on('data', (data) => (out += data))
  const [code] = await once(child, 'close')
  return { code, last: out.trimEnd().split('\n').at(-1) ?? '', out }
}

describe('.ci/run', () => {
  it('adds up install, checks, tests and every lane that stands in test/slow', async () => {
    slow('a', "console.log('something\\n3 passed, 0 failed')")
    slow(
      'b',
      "import { lane } from '../../scripts/lane.ts'\nawait lane(async (check) => { await check('it is so', () => {}) })",
    )
    const { code, last, out } = await run()
    expect([code, last]).toEqual([0, '149 passed, 0 failed'])
    for (const name of ['npm ci', 'check', 'tests', 'long', 'infra', 'runner', 'a', 'b', 'synth', 'real'])
      expect(out).toMatch(new RegExp(`── ${name}: \\d+ passed, 0 failed, exit 0, \\d+ s`))
  })

  it('a lane that crashes, says nothing, hides its failure or checks nothing has failed, and the others go on', async () => {
    slow('a-crashes', "throw new Error('boom')")
    slow('b-silent', '')
    slow('c-hides', "console.log('2 passed, 0 failed'); process.exitCode = 1")
    slow('d-empty', "console.log('0 passed, 0 failed')")
    slow('e-honest', "console.log('4 passed, 2 failed'); process.exitCode = 1")
    const { code, last } = await run()
    expect([code, last]).toEqual([1, '151 passed, 6 failed'])
  })

  it('what plays in virtual time goes on beside the real lane, all else before it; each is printed whole', async () => {
    const wait = "while (!existsSync('real.began')) await new Promise((resolve) => setTimeout(resolve, 5))"
    npm({ realDoes: 'echo begins; touch real.began; until [ -e met ]; do sleep 0.01; done; echo ends' })
    slow(
      'kill',
      "import { existsSync } from 'node:fs'\nconsole.log(existsSync('real.began') ? '0 passed, 1 failed' : '1 passed, 0 failed')",
    )
    slow(
      'walks',
      `import { existsSync, writeFileSync } from 'node:fs'\n${wait}\nwriteFileSync('met', '')\nconsole.log('2 passed, 0 failed')`,
    )
    const { code, last, out } = await run()
    expect([code, last]).toEqual([0, '148 passed, 0 failed'])
    expect(out).toMatch(/── walks\n2 passed, 0 failed\n── walks: 2 passed, 0 failed, exit 0, \d+ s\n/)
    expect(out).toMatch(/── real\nbegins\nends\n── real: 100 passed, 0 failed, exit 0, \d+ s\n/)
  })

  it('tests that fail, or leave no report, are counted', async () => {
    npm({ test: 1, report: { numPassedTests: 8, numFailedTests: 2, testResults: [] } })
    expect(await run()).toMatchObject({ code: 1, last: '143 passed, 2 failed' })
    npm({ test: 1, report: null })
    expect(await run()).toMatchObject({ code: 1, last: '135 passed, 1 failed' })
    npm({ real: 1, realReport: null })
    expect(await run(), 'the real control plane').toMatchObject({ code: 1, last: '45 passed, 1 failed' })
    npm({ test: 1 })
    expect(await run(), 'green report, red exit').toMatchObject({ code: 1, last: '145 passed, 1 failed' })
  })

  it('checks that fail are one failure; without an install there is nothing else to try', async () => {
    npm({ check: 1 })
    expect(await run()).toMatchObject({ code: 1, last: '144 passed, 1 failed' })
    npm({ synth: 1 })
    expect(await run(), 'the stacks').toMatchObject({ code: 1, last: '144 passed, 1 failed' })
    npm({ infra: 1 })
    expect(await run(), 'their tests').toMatchObject({ code: 1, last: '145 passed, 1 failed' })
    npm({ ci: 1 })
    expect(await run()).toMatchObject({ code: 1, last: '0 passed, 1 failed' })
  })
})
