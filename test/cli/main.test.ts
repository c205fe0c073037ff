import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { contracts } from '../../events/catalogue.ts'
import { cli } from './running.ts'

const COMMANDS = [
  'start',
  'tour',
  'doctor',
  'prices',
  'contracts',
  'plan',
  'plans',
  'budgets',
  'spend',
  'trace',
  'why',
  'emit',
  'approve',
  'deny',
  'retry',
  'cancel',
  'freeze',
  'thaw',
]
let empty: string
beforeAll(() => {
  empty = mkdtempSync(join(tmpdir(), 'signalbox-none-'))
})
afterAll(() => rmSync(empty, { recursive: true, force: true }))

describe('help', () => {
  it('lists every command and the exit codes', async () => {
    const { code, out } = await cli('--help')
    expect(code).toBe(0)
    for (const command of COMMANDS) expect(out).toMatch(new RegExp(`^ {2}${command}\\b`, 'm'))
    expect(out).toContain('3 no product runs')
  })

  it.each(COMMANDS)('%s --help says what it does, its options and the exit codes', async (command) => {
    const { code, out } = await cli(command, '--help')
    expect(code).toBe(0)
    expect(out).toContain(`Usage: signalbox ${command}`)
    for (const part of ['--data <dir>', '--json', 'Exit codes']) expect(out).toContain(part)
  })

  it('--version says the version', async () => {
    expect(await cli('--version')).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+/) })
  })
})

it('does what it is asked under its own name too, in place of nothing', () => {
  const { status, stdout } = spawnSync(process.execPath, ['cli/main.ts', '--version'], { encoding: 'utf8' })
  expect([status, stdout]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)])
}, 120_000)

it.each(['emit', 'plan'])('%s of a delivery says that nobody else can sign it, and what to take', async (command) => {
  expect(await cli(command, 'model-promoted/alias-set', '--data', empty)).toMatchObject({
    code: 2,
    err: expect.stringMatching(
      /is a webhook delivery, signed .*: take an event, e\.g\. `model-promoted\/bus-alias-set`/,
    ),
  })
})

it('bootstrap --help says what it does without --diff and --apply', async () => {
  const { code, out } = await cli('bootstrap', '--help')
  expect(code).toBe(0)
  for (const part of ['--context <name>', '--diff', '--apply', 'kubectl apply -f -', 'Exit codes'])
    expect(out).toContain(part)
})

describe('wrong usage ends with 2 and says what is wrong', () => {
  it.each([
    ['a command that is none', ['lunch'], /unknown command/],
    ['an option that is none', ['plans', '--fast'], /unknown option/],
    ['an answer without its person', ['approve', 'p1'], /--by/],
    ['a real cluster in virtual time', ['start', '--context', 'x', '--speed', '60'], /real time/],
    ['a namespace of no cluster', ['start', '--namespace', 'x'], /--context/],
    ['two clusters at once', ['start', '--rig', '--context', 'x'], /of its own/],
    ['a bootstrap that shows and applies at once', ['bootstrap', '--diff', '--apply'], /one of them/],
    ['a bootstrap of no cluster', ['bootstrap', '--apply'], /--context NAME/],
    ['a node class of two parts', ['bootstrap', '--node-class', 'a/b'], /group\/kind\/name/],
    ['a freeze without an end', ['freeze'], /--until/],
    ['an end that is no time', ['freeze', '--until', 'soon'], /--until is a duration such as 4h/],
    ['a port that is none', ['start', '--port', '70000'], /--port is a whole number from 0 to 65535, not 70000/],
    ['a speed that is none', ['start', '--speed', 'fast'], /--speed is a number/],
    ['an event that is neither a file nor a sample', ['emit', 'lunch/base'], /signalbox contracts/],
    ['a sample outside the samples', ['emit', '../../package'], /neither a file nor a sample/],
    ['a webhook delivery', ['emit', 'registry-webhook/alias-created'], /neither|webhook delivery/],
  ])('%s', async (_, argv, said) => {
    const { code, err } = await cli(...argv)
    expect(code).toBe(2)
    expect(err).toMatch(said)
  })

  it('a file that is no JSON', async () => {
    const file = join(empty, 'event.json')
    writeFileSync(file, '{')
    expect(await cli('emit', file)).toMatchObject({ code: 2, err: expect.stringContaining('is not JSON') })
  })
})

describe('where nothing runs', () => {
  it.each([
    ['emit', 'dataset-uploaded/base'],
    ['plan', 'dataset-uploaded/base'],
    ['approve', 'p1', '--by', 'T0/U0'],
    ['retry', 'pipeline/x'],
    ['freeze', '--until', '4h'],
    ['thaw'],
    ['plans'],
    ['budgets'],
    ['spend'],
    ['trace', 'pipeline/x'],
    ['why', 'pipeline/x'],
  ])('%s ends with 3 and says how to start', async (...argv) => {
    const { code, err } = await cli(...argv, '--data', empty)
    expect(code).toBe(3)
    expect(err).toMatch(/start/)
    expect(err).toContain(empty)
  })

  it('a product that died is as good as none', async () => {
    writeFileSync(
      join(empty, 'running.json'),
      JSON.stringify({ url: 'http://127.0.0.1:9', pid: 2 ** 22 + 1, token: 't' }),
    )
    expect(await cli('thaw', '--data', empty)).toMatchObject({ code: 3 })
  })
})

describe('with --json what is wrong is JSON on stdout too, and ends as it did', () => {
  it.each([
    [3, ['plans', '--json'], /no ledger|start/],
    [2, ['freeze', '--until', 'soon', '--json'], /--until is a duration/],
    [2, ['plans', '--fast', '--json'], /unknown option/],
    [1, ['doctor', '--config', 'none.ts', '--mlflow', 'lunch', '--json'], null],
  ] as const)('%s: %j', async (exit, argv, detail) => {
    const { code, out, err } = await cli(...argv, '--data', empty)
    expect(code).toBe(exit)
    const said = JSON.parse(out) as { error?: unknown }
    if (detail === null) return
    expect(said).toEqual({ error: { exit, detail: expect.stringMatching(detail) } })
    expect(err).toMatch(detail)
  })

  it('help is no error', async () => {
    expect((await cli('plans', '--help', '--json')).out).toContain('Usage: signalbox plans')
  })
})

describe('contracts', () => {
  it('lists every contract with what selects it and its samples', async () => {
    const { contracts: listed } = JSON.parse((await cli('contracts', '--json')).out) as {
      contracts: { name: string; via: object; samples: string[] }[]
    }
    expect(listed.map(({ name }) => name)).toEqual(contracts.map(({ name }) => name))
    for (const { via, samples } of listed) {
      expect(samples.length).toBeGreaterThan(0)
      expect('pattern' in via || 'route' in via).toBe(true)
    }
    const { out } = await cli('contracts')
    for (const { name } of contracts) expect(out).toContain(name)
  })
})

describe('doctor', () => {
  it('is content with the example policy, and has a finding for everything it looked at', async () => {
    const { code, out } = await cli('doctor', '--data', empty, '--json')
    const { good, findings } = JSON.parse(out) as { good: boolean; findings: { check: string }[] }
    expect([code, good]).toEqual([0, true])
    expect(findings.map(({ check }) => check)).toEqual(expect.arrayContaining(['node', 'policy', 'data', 'product']))
  })

  it('names the path of what does not hold together in a policy, and fails', async () => {
    const config = join(empty, 'broken.mjs')
    writeFileSync(config, 'export default { installation: "x" }')
    const { code, out } = await cli('doctor', '--data', empty, '--config', config)
    expect(code).toBe(1)
    expect(out).toMatch(/✗ +policy .*pools/)
    expect(await cli('doctor', '--data', empty, '--config', join(empty, 'none.ts'))).toMatchObject({
      code: 1,
      out: expect.stringMatching(/policy +[^ ]*none\.ts: there is no such file/),
    })
  })
})
