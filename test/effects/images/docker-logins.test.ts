import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { dockerLogins, type Run } from '../../../effects/images/docker-logins.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'signalbox-docker-'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(dir, { recursive: true, force: true })
})

const file = () => join(dir, 'config.json')
const write = (config: unknown): void =>
  writeFileSync(file(), typeof config === 'string' ? config : JSON.stringify(config))
const loginOf = (registry: string, run?: Run) => dockerLogins({ file: file(), ...(run ? { run } : {}) })(registry)
const auth = (pair: string) => ({ auth: Buffer.from(pair).toString('base64') })
const ANA = { login: { kind: 'password', name: 'ana', password: 'p:w' } }
const NOBODY = { login: null }

describe('a login that lies in the file', () => {
  it.each<[string, string, object]>([
    ['by the registry’s name', 'ghcr.io', { 'ghcr.io': auth('ana:p:w') }],
    ['by its address', 'ghcr.io', { 'https://GHCR.io/v2/': auth('ana:p:w') }],
    ['by name and port', 'localhost:5000', { 'localhost:5000': auth('ana:p:w') }],
    ['by what Docker calls its Hub', 'docker.io', { 'https://index.docker.io/v1/': auth('ana:p:w') }],
    ['as plain text', 'ghcr.io', { 'ghcr.io': { username: 'ana', password: 'p:w' } }],
    ['with zeros at its end', 'ghcr.io', { 'ghcr.io': auth('ana:p:w\0\0') }],
  ])('%s', async (_, registry, auths) => {
    write({ auths })
    expect(await loginOf(registry)).toEqual(ANA)
  })

  it('may be a token for a token, or of the registry itself', async () => {
    write({ auths: { 'a.io': { ...auth('x:y'), identitytoken: 'i' }, 'b.io': { registrytoken: 'r' } } })
    expect(await loginOf('a.io')).toEqual({ login: { kind: 'identity', token: 'i' } })
    expect(await loginOf('b.io')).toEqual({ login: { kind: 'bearer', token: 'r' } })
  })

  it.each([
    {},
    { auths: {} },
    { auths: { 'ghcr.io': {} } },
    { auths: { 'evil-ghcr.io': auth('a:b') } },
    { auths: { 'ghcr.io': { auth: 'x' } } },
  ])('is none in %j', async (config) => {
    write(config)
    expect(await loginOf('ghcr.io')).toEqual(NOBODY)
  })

  it('is none without a file; a file that cannot be read is said, and nothing of what is in it', async () => {
    expect(await loginOf('ghcr.io')).toEqual(NOBODY)
    write('{"auths": {"ghcr.io": {"auth": "hunter2')
    expect(await loginOf('ghcr.io')).toEqual({ problem: `${file()} is no JSON: mend it, or log in again` })
  })
})

describe('a login that a helper keeps', () => {
  const answers =
    (code: number, out: unknown, seen: string[] = []): Run =>
    async (program, input) => {
      seen.push(`${program} < ${input}`)
      return { code, out: typeof out === 'string' ? out : JSON.stringify(out) }
    }
  const SAID = { ServerURL: 'x', Username: 'ana', Secret: 'p:w' }

  it('is asked for by the registry’s own helper, else by the one for all', async () => {
    const seen: string[] = []
    write({ credsStore: 'desktop', credHelpers: { 'ghcr.io': 'gh' }, auths: { 'ghcr.io': {} } })
    expect(await loginOf('ghcr.io', answers(0, SAID, seen))).toEqual(ANA)
    expect(await loginOf('docker.io', answers(0, SAID, seen))).toEqual(ANA)
    expect(seen).toEqual(['docker-credential-gh < ghcr.io', 'docker-credential-desktop < https://index.docker.io/v1/'])
  })

  it('may be a token; where the helper knows none, the file may', async () => {
    write({ credsStore: 'x', auths: { 'ghcr.io': auth('ana:p:w') } })
    expect(await loginOf('ghcr.io', answers(0, { ...SAID, Username: '<token>' }))).toEqual({
      login: { kind: 'identity', token: 'p:w' },
    })
    expect(await loginOf('ghcr.io', answers(1, 'credentials not found in native keychain'))).toEqual(ANA)
    expect(await loginOf('a.io', answers(1, 'credentials not found in native keychain'))).toEqual(NOBODY)
  })

  it.each<[string, Run, string]>([
    ['that is not there', async () => null, 'docker-credential-x, which is not on the PATH'],
    [
      'that fails',
      answers(3, 'hunter2'),
      'docker-credential-x ended with 3: `echo ghcr.io | docker-credential-x get` shows why',
    ],
    ['that answers none', answers(0, 'hunter2'), 'docker-credential-x answered no login'],
  ])('%s is said, and nothing that it printed', async (_, run, why) => {
    write({ credsStore: 'x' })
    const known = await loginOf('ghcr.io', run)
    expect(known).toEqual({ problem: expect.stringContaining(why) as string })
    expect(JSON.stringify(known)).not.toContain('hunter2')
  })

  it('is run by its name alone, and no name that leads elsewhere', async () => {
    write({ credsStore: '../../bin/sh' })
    expect(await loginOf('ghcr.io', answers(0, SAID))).toEqual({
      problem: expect.stringContaining('no name of a program') as string,
    })
  })

  it('is a program of that name, told the registry on its input', async () => {
    const program = join(dir, 'docker-credential-signalbox-test')
    writeFileSync(
      program,
      `#!/bin/sh\nread server\n[ "$1 $server" = "get ghcr.io" ] && echo '{"Username":"ana","Secret":"p:w"}'\n`,
    )
    chmodSync(program, 0o755)
    write({ credsStore: 'signalbox-test' })
    vi.stubEnv('PATH', dir)
    expect(await loginOf('ghcr.io')).toEqual(ANA)
    write({ credsStore: 'signalbox-nobody' })
    expect(await loginOf('ghcr.io')).toEqual({ problem: expect.stringContaining('not on the PATH') as string })
  })
})
