import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Config } from '../../../core/policy.ts'
import example from '../../../signalbox.config.ts'
import { image, openRegistry, type Registry } from '../../effects/images/registry.ts'
import { cli } from '../running.ts'

const [PUSHED, CONFIG] = image('amd64')

/** Docker as far as it is asked: it writes down what it was told and where, says which digest that has, or ends as the test says. */
const DOCKER = `#!/usr/bin/env node
const { appendFileSync, readFileSync, writeFileSync, existsSync } = require('node:fs')
const dir = __dirname
if (process.argv[3] === 'version') process.exit(existsSync(dir + '/plain') ? 1 : 0)
appendFileSync(dir + '/told', JSON.stringify({ args: process.argv.slice(2), cwd: process.cwd() }) + '\\n')
const file = process.argv.find((one) => one.startsWith('--metadata-file='))?.slice('--metadata-file='.length)
const hangs = existsSync(dir + '/hangs')
if (hangs) setInterval(() => undefined, 1000)
else if (existsSync(dir + '/ends')) process.exit(Number(readFileSync(dir + '/ends', 'utf8')))
else writeFileSync(file, JSON.stringify({ 'containerimage.digest': '${PUSHED.digest}' }))
`

let dir: string
let registry: Registry
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'signalbox-images-test-'))
  writeFileSync(join(dir, 'docker'), DOCKER)
  chmodSync(join(dir, 'docker'), 0o755)
  vi.stubEnv('PATH', [dir, dirname(process.execPath)].join(delimiter))
  vi.stubEnv('DOCKER_CONFIG', join(dir, 'logins'))
  registry = await openRegistry()
})
afterEach(async () => {
  await registry.close()
  rmSync(dir, { recursive: true, force: true })
  vi.unstubAllEnvs()
})

const config = () => join(dir, 'team.config.json')
const images = (...flags: string[]) => cli('images', `${registry.host}/acme`, '--config', config(), ...flags)
const told = () =>
  readFileSync(join(dir, 'told'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { args: string[]; cwd: string })

it('builds and pushes what is asked for, from the folder of the product, and pins what the policy names of it', async () => {
  const next = structuredClone(example) as Config
  next.pipelines!['support-chats']!.stages[0]!.image = `${registry.host}/acme/trainer-lora:2.0.0`
  writeFileSync(config(), JSON.stringify(next))
  registry.put('acme/trainer-lora', '2.0.0', PUSHED, CONFIG)
  const { code, out, err } = await images('--tag', '2.0.0', '--only', 'trainer-lora', 'tools')
  expect([code, out.split('\n')]).toEqual([
    0,
    [
      `pushed  ${registry.host}/acme/trainer-lora:2.0.0  ${PUSHED.digest}`,
      `pushed  ${registry.host}/acme/tools:2.0.0         ${PUSHED.digest}`,
    ],
  ])
  expect(err).toContain(`1 of 2  ${registry.host}/acme/trainer-lora:2.0.0`)
  const [first, second] = told()
  expect(first?.cwd).toBe(join(import.meta.dirname, '../../..'))
  expect(first?.args.filter((one) => !one.startsWith('--metadata'))).toEqual([
    ...['buildx', 'build', '--push', '--provenance=false', '--platform=linux/amd64'],
    ...['--file=images/trainer-lora/Dockerfile', `--tag=${registry.host}/acme/trainer-lora:2.0.0`, 'images'],
  ])
  expect(second?.args).toContain('--file=images/tools/Dockerfile')
  const { images: locked } = JSON.parse(readFileSync(join(dir, 'team.lock.json'), 'utf8')) as { images: object }
  expect(locked).toMatchObject({ [`${registry.host}/acme/trainer-lora:2.0.0`]: { digest: PUSHED.digest } })
  expect(Object.keys(locked)).toHaveLength(1)
})

it('says how what no policy names is pinned once one does', async () => {
  const { code, err, out } = await images('--only', 'scan', '--json')
  expect(code).toBe(0)
  expect(err).toMatch(/`npx signalbox pin --config \S+` writes their digests beside it/)
  expect(JSON.parse(out)).toEqual({
    images: [{ image: `${registry.host}/acme/scan:1.0.0`, digest: PUSHED.digest }],
    pushed: true,
    good: true,
  })
})

it('prints what it would run, and runs nothing', async () => {
  const { code, out } = await images('--only', 'tools', '--print', '--no-push')
  expect([code, out]).toEqual([
    0,
    `docker buildx build --provenance=false --platform=linux/amd64 --file=images/tools/Dockerfile --tag=${registry.host}/acme/tools:1.0.0 images`,
  ])
  expect(told).toThrow('ENOENT')
})

it.each([
  [['acme corp'], 'is no name of an image'],
  [['ghcr.io/acme', '--tag', 'a b'], 'is no name of an image'],
  [['ghcr.io/acme', '--only', 'lunch'], '--only: there is no lunch; there are runner, trainer-lora, tools, scan'],
])('%j is a wrong usage, and says why', async (args, why) => {
  const { code, err } = await cli('images', ...args, '--print', '--no-push')
  expect([code, err]).toEqual([2, expect.stringContaining(why)])
})

it('one that cannot be built ends it, with what to do', async () => {
  writeFileSync(join(dir, 'ends'), '17')
  const { code, err } = await images('--only', 'tools', 'scan')
  expect([code, told().length]).toEqual([1, 1])
  expect(err).toContain('docker ended with 17')
  expect(err).toContain('--only tools builds it alone')
})

it('is interrupted once docker has ended, and pushes no more', async () => {
  writeFileSync(join(dir, 'hangs'), '')
  const running = images('--only', 'tools', 'scan')
  await vi.waitFor(() => expect(told()).toHaveLength(1))
  process.emit('SIGINT')
  const { code, err } = await running
  expect([code, told().length]).toEqual([130, 1])
  expect(err).toContain('interrupted')
})

it('without buildx says so, and builds nothing', async () => {
  writeFileSync(join(dir, 'plain'), '')
  const { code, err } = await images('--only', 'tools')
  expect([code, err]).toEqual([1, expect.stringContaining('has no buildx')])
  expect(told).toThrow('ENOENT')
})

it('without docker says where it is had, and what to do without', async () => {
  vi.stubEnv('PATH', join(dir, 'nothing'))
  const { code, err } = await images('--only', 'tools')
  expect(code).toBe(1)
  expect(err).toContain('there is no `docker` on the PATH')
})
