import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseReference } from '../../../core/images/reference.ts'
import type { KnownLogin } from '../../../effects/images/docker-logins.ts'
import { openRegistryImages } from '../../../effects/images/registry-images.ts'
import { NotAllowed, Refused, Unavailable } from '../../../flows/ports.ts'
import { type Habits, image, index, type Kept, kept, LOGIN, openRegistry, type Registry } from './registry.ts'

const TAG = 'team/trainer:1.4'
const PLATFORMS = ['linux/amd64', 'linux/arm64']
const LOGGED_IN: KnownLogin = { login: { kind: 'password', ...LOGIN } }

let [registry, storage]: Registry[] = []
let pauses: number[]
beforeEach(async () => {
  ;[registry, storage, pauses] = [await openRegistry(), await openRegistry(), []]
})
afterEach(async () => {
  await registry!.close()
  await storage!.close()
})

const options = (known: KnownLogin = { login: null }) => ({
  logins: async () => known,
  random: () => 0,
  pause: async (milliseconds: number) => void pauses.push(milliseconds),
})

const resolve = async (
  {
    known,
    before = null,
    ...more
  }: { known?: KnownLogin; before?: Kept | null; deadline?: number; signal?: AbortSignal } = {},
  text = `${registry!.host}/${TAG}`,
) => {
  const images = openRegistryImages({ ...options(known), ...more })
  const { tag, ...reference } = parseReference(text)!
  const found = before === null ? null : { digest: before.digest, platforms: ['linux/s390x'], from: 'before' }
  return images.resolve({ ...reference, tag: tag! }, found).finally(() => images.close())
}

const [amd64, amd64Config] = image('amd64')
const [arm64, arm64Config] = image('arm64', { variant: 'v8' })
const both = index([
  { of: amd64, platform: { os: 'linux', architecture: 'amd64' } },
  { of: arm64, platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } },
  // Where it is from, as builders lay it beside images, with a platform that is none or without one.
  {
    of: kept('signed', 'application/vnd.oci.image.manifest.v1+json'),
    platform: null,
    annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
  },
  {
    of: kept('from', 'application/vnd.oci.image.manifest.v1+json'),
    platform: { os: 'unknown', architecture: 'unknown' },
  },
])
const putBoth = () => registry!.put('team/trainer', '1.4', both)
const asked = () => registry!.requests.map(({ method, path }) => `${method} ${path}`)

describe('what a tag points to', () => {
  it('is the digest of the index where an image has several platforms, and which these are', async () => {
    putBoth()
    const from = `http://${registry!.host}/v2/team/trainer/manifests/1.4`
    expect(await resolve()).toEqual({ digest: both.digest, platforms: PLATFORMS, from })
    expect(asked()).toEqual(['GET /v2/team/trainer/manifests/1.4'])
  })

  it('of one platform is in its configuration, which lies in other storage that takes no login of a registry', async () => {
    registry!.habits = { asks: 'token', blobsAt: `http://${storage!.host}` }
    registry!.put('team/trainer', '1.4', arm64, arm64Config)
    storage!.put('team/trainer', 'none', arm64Config)
    expect(await resolve()).toMatchObject({ digest: arm64.digest, platforms: ['linux/arm64'] })
    expect(storage!.requests.map(({ authorization }) => authorization)).toEqual([null])
  })

  it('of an index that names no platforms is in its images; what is no program has none', async () => {
    const chart = kept(
      { schemaVersion: 2, config: { digest: amd64.digest, mediaType: 'application/vnd.cncf.helm.config.v1+json' } },
      'x',
    )
    registry!.put(
      'team/trainer',
      '1.4',
      index([
        { of: amd64, platform: null },
        { of: chart, platform: null },
      ]),
      amd64,
      chart,
      amd64Config,
    )
    expect((await resolve()).platforms).toEqual(['linux/amd64'])
    registry!.put('team/trainer', '1.4', chart)
    expect((await resolve()).platforms).toEqual([])
  })

  it('that it pointed to before is known by a HEAD alone; by a GET where the registry knows no HEAD', async () => {
    putBoth()
    expect(await resolve({ before: both })).toMatchObject({ digest: both.digest, platforms: ['linux/s390x'] })
    expect(asked()).toEqual(['HEAD /v2/team/trainer/manifests/1.4'])
    for (const head of [405, 404, 400, 501]) {
      registry!.habits = { head }
      expect(await resolve({ before: both })).toMatchObject({ digest: both.digest, platforms: PLATFORMS })
    }
  })

  it('is found anew where the tag has moved', async () => {
    putBoth()
    expect(await resolve({ before: amd64 })).toMatchObject({ digest: both.digest, platforms: PLATFORMS })
  })

  it('a host is written in any case, and its port is one', async () => {
    putBoth()
    expect((await resolve({}, `LocalHost:${registry!.host.split(':')[1]}/${TAG}`)).digest).toBe(both.digest)
  })
})

describe('a registry that asks who we are', () => {
  it.each<[string, Habits['asks'], KnownLogin]>([
    ['a token that anybody gets', 'token', { login: null }],
    ['a token for a login', 'login', LOGGED_IN],
    ['a token for a token', 'login', { login: { kind: 'identity', token: 'refresh' } }],
    ['name and password', 'basic', LOGGED_IN],
    ['a token that anybody gets, where the login cannot be read', 'token', { problem: 'no helper' }],
  ])('gets %s', async (_, asks, known) => {
    putBoth()
    registry!.habits = { asks: asks! }
    expect((await resolve({ known })).digest).toBe(both.digest)
  })

  it('gets it once for all that is asked of a repository, for its scope and its service', async () => {
    registry!.habits = { asks: 'login' }
    registry!.put('team/trainer', '1.4', amd64, amd64Config)
    await resolve({ known: LOGGED_IN, before: both })
    expect(asked()).toEqual([
      'HEAD /v2/team/trainer/manifests/1.4',
      'GET /token?service=registry%2C+of+ours&scope=repository%3Ateam%2Ftrainer%3Apull',
      'HEAD /v2/team/trainer/manifests/1.4',
      'GET /v2/team/trainer/manifests/1.4',
      `GET /v2/team/trainer/blobs/${amd64Config.digest}`,
    ])
  })

  it('sends a login to no address without TLS', async () => {
    const realm = 'Bearer realm="http://tokens.example.com/token"'
    registry!.habits = { always: { status: 401, headers: { 'www-authenticate': realm } } }
    await expect(resolve({ known: LOGGED_IN })).rejects.toThrow('asks for a token from an address without TLS')
  })
})

const errors = (code: string, message: string) => ({ errors: [{ code, message }] })

describe('what is refused says what to do', () => {
  it.each<[string, Habits, KnownLogin, new () => Error, string[]]>([
    [
      'nobody is logged in',
      { asks: 'login' },
      { login: null },
      NotAllowed,
      ['there is no such repository, or it is private (“authentication required”)', 'run `docker login 127.0.0.1'],
    ],
    [
      'the login cannot be read',
      { asks: 'basic' },
      { problem: 'docker-credential-x is not on the PATH' },
      NotAllowed,
      ['or it is private', '(docker-credential-x is not on the PATH)'],
    ],
    [
      'the login is wrong',
      { asks: 'login' },
      { login: { kind: 'password', name: 'ana', password: 'hunter2' } },
      NotAllowed,
      ['your login is not taken, or not for this repository', 'docker login'],
    ],
    [
      'the right is missing',
      { always: { status: 403, body: errors('DENIED', 'requested access is denied') } },
      { login: null },
      NotAllowed,
      ['nobody may read it without a login (“requested access is denied”)', 'ask its owner for the right to pull'],
    ],
    ['there is no such repository', {}, { login: null }, Refused, ['there is no such repository', 'check its name']],
    [
      'the name is wrong',
      { always: { status: 400, body: errors('NAME_INVALID', 'invalid\u001b[2J name') } },
      { login: null },
      Refused,
      ['it answers 400 (“invalid name”)', 'check that 127.0.0.1'],
    ],
    [
      'it is a page',
      { always: { status: 200, body: '<html>log in</html>' } },
      { login: null },
      Refused,
      ['what it answers is no manifest'],
    ],
    [
      'it is of schema 1',
      { always: { status: 200, body: { schemaVersion: 1 } } },
      { login: null },
      Refused,
      ['it is of schema 1', 'push it anew'],
    ],
    [
      'it leads round and round',
      { always: { status: 302, headers: { location: '/again' } } },
      { login: null },
      NotAllowed,
      ['leads from one address to the next'],
    ],
    [
      'it leads to no address',
      { always: { status: 302, headers: { location: 'ftp://a/b' } } },
      { login: null },
      NotAllowed,
      ['leads to what is no address'],
    ],
  ])('%s', async (_, habits, known, kind, sentences) => {
    registry!.habits = habits
    const error = await resolve({ known }).catch((one: unknown) => one as Error)
    expect(error).toBeInstanceOf(kind)
    for (const sentence of sentences) expect((error as Error).message).toContain(sentence)
    expect((error as Error).message).not.toContain('hunter2')
  })

  it('a tag that is not there is told from a repository that is not there', async () => {
    registry!.put('team/trainer', '1.5', both)
    await expect(resolve()).rejects.toThrow('there is no 1.4 (“manifest unknown”): check its name and tag')
  })

  it.each<[string, () => void]>([
    ['its manifest', () => (registry!.habits = { calls: `sha256:${'0'.repeat(64)}` })],
    [
      'what the manifest names',
      () => registry!.put('team/trainer', '1.4', amd64, { ...amd64Config, bytes: Buffer.from('{}') }),
    ],
  ])('bytes that are not what their digest says are taken from nobody: %s', async (_, spoil) => {
    registry!.put('team/trainer', '1.4', amd64, amd64Config)
    spoil()
    await expect(resolve()).rejects.toThrow(/the bytes of \S+ are sha256:.*, and it calls them sha256:/)
  })

  it('that nobody listens there', async () => {
    await registry!.close()
    await expect(resolve()).rejects.toThrow('nobody listens there')
  })
})

describe('a registry that is slow or busy', () => {
  it('is asked again when it says, if that is soon', async () => {
    putBoth()
    registry!.habits = { first: [{ status: 429, headers: { 'retry-after': '3' } }, { status: 503 }] }
    expect((await resolve()).digest).toBe(both.digest)
    expect(pauses).toEqual([3000, 100])
  })

  it('that asks for longer is left alone, and how long is said, and how to be let in more often', async () => {
    const body = errors('TOOMANYREQUESTS', 'You have reached your pull rate limit')
    registry!.habits = { always: { status: 429, headers: { 'retry-after': '3600' }, body } }
    const error = await resolve().catch((one: unknown) => one as Unavailable)
    expect(error).toBeInstanceOf(Unavailable)
    expect((error as Unavailable).retryAfter).toBe(3600)
    expect((error as Error).message).toMatch(
      /answers 429: You have reached .*; it asks to be left alone for 60 minutes; who is logged in may/,
    )
    expect(registry!.requests).toHaveLength(1)
  })

  it('that does not answer is not waited for without an end', async () => {
    registry!.habits = { hangs: true }
    await expect(resolve({ deadline: 20 })).rejects.toThrow('nobody answered in time')
    expect(pauses).toEqual([50, 100, 200])
  })

  it('is left at once by who is interrupted', async () => {
    registry!.habits = { hangs: true }
    const interrupt = new AbortController()
    const waiting = resolve({ signal: interrupt.signal })
    while (registry!.requests.length === 0) await new Promise((next) => setImmediate(next))
    interrupt.abort()
    await expect(waiting).rejects.toHaveProperty('name', 'AbortError')
    expect(registry!.requests).toHaveLength(1)
  })
})
