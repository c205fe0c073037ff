import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Config, parsePolicy } from '../../../core/policy.ts'
import { readConfig } from '../../../local/policies/file-policies.ts'
import example from '../../../signalbox.config.ts'
import { image, index, LOGIN, openRegistry, type Registry } from '../../effects/images/registry.ts'
import { cli } from '../running.ts'

let dir: string
let registry: Registry
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'signalbox-pin-'))
  vi.stubEnv('DOCKER_CONFIG', join(dir, 'docker'))
  registry = await openRegistry()
})
afterEach(async () => {
  await registry.close()
  rmSync(dir, { recursive: true, force: true })
  vi.unstubAllEnvs()
})

const file = () => join(dir, 'team.config.json')
const lock = () => join(dir, 'team.lock.json')
const locked = () => (JSON.parse(readFileSync(lock(), 'utf8')) as { images: Record<string, { digest: string }> }).images
const at = (text: string) => `${registry.host}/${text}`
const pin = (...flags: string[]) => cli('pin', '--config', file(), ...flags)

/** The example with these images in its first stage and its first service, and no other tags. */
const write = (train: string, serve: string): void => {
  const next = structuredClone(example) as Config
  next.pipelines!['support-chats']!.stages[0]!.image = train
  next.services!['support-llama']!.image = serve
  writeFileSync(file(), JSON.stringify(next))
}
const [one, oneConfig] = image('amd64')
const [other, otherConfig] = image('amd64', { created: 'later' })
const [arm, armConfig] = image('arm64')
const both = index([
  { of: one, platform: { os: 'linux', architecture: 'amd64' } },
  { of: arm, platform: { os: 'linux', architecture: 'arm64' } },
])
const writeTags = (): void => {
  write(at('team/trainer:1.4'), at('serve:v2'))
  registry.put('team/trainer', '1.4', one, oneConfig)
  registry.put('serve', 'v2', both)
}

describe('signalbox pin', () => {
  it('makes a policy of a config that names tags: the one of who wrote the digests', async () => {
    writeTags()
    const unpinned = await cli('doctor', '--config', file(), '--data', join(dir, 'data'))
    expect(unpinned.code).toBe(1)
    expect(unpinned.out).toMatch(
      /stages\.0\.image: nobody has looked up which digest \S+team\/trainer:1\.4 has: run `npx signalbox pin --config \S+`/,
    )
    const { code, out, err } = await pin()
    expect([code, err.split('\n').length]).toEqual([0, 2])
    expect(out).toContain(`${one.digest}  linux/amd64`)
    expect(out).toContain(`${both.digest}  linux/amd64, linux/arm64`)
    expect(out).toContain(`${lock()} is written: commit it with the policy`)
    const pinned = parsePolicy(await readConfig(file())).version
    write(at(`team/trainer@${one.digest}`), at(`serve@${both.digest}`))
    expect(parsePolicy(await readConfig(file())).version).toBe(pinned)
  })

  it('again writes nothing, and asks for no bytes', async () => {
    writeTags()
    await pin()
    const [text, { ino }] = [readFileSync(lock(), 'utf8'), statSync(lock())]
    registry.requests.length = 0
    const { code, out } = await pin()
    expect([code, readFileSync(lock(), 'utf8'), statSync(lock()).ino]).toEqual([0, text, ino])
    expect(out).toContain(`${lock()} is as it was`)
    expect(registry.requests.map(({ method }) => method)).toEqual(['HEAD', 'HEAD'])
    expect(readdirSync(dir).sort()).toEqual(['team.config.json', 'team.lock.json'])
  })

  it('follows a tag that has moved, and says from where to where; --image of one leaves the others', async () => {
    writeTags()
    await pin()
    registry.put('team/trainer', '1.4', other, otherConfig)
    registry.put('serve', 'v2', other, otherConfig)
    const { code, out } = await pin('--image', at('serve:v2'))
    expect(code).toBe(0)
    expect(out).toContain(`moved  ${at('serve:v2')}  ${both.digest} → ${other.digest}`)
    expect(locked()[at('serve:v2')]?.digest).toBe(other.digest)
    expect(locked()[at('team/trainer:1.4')]?.digest).toBe(one.digest)
    await pin()
    expect(locked()[at('team/trainer:1.4')]?.digest).toBe(other.digest)
  })

  it('takes away what nothing names any more, and says so; without tags nothing is made', async () => {
    writeTags()
    await pin()
    write(at(`team/trainer@${one.digest}`), at('serve:v2'))
    expect((await pin()).out).toContain(`${at('team/trainer:1.4')}: nothing names it any more: removed`)
    expect(Object.keys(locked())).toEqual([at('serve:v2')])
    rmSync(lock())
    write(at(`team/trainer@${one.digest}`), at(`serve@${one.digest}`))
    const { code, out } = await pin()
    expect([code, out, existsSync(lock())]).toEqual([
      0,
      'the policy names no image by tag: there is nothing to pin',
      false,
    ])
  })

  it('of one that fails says why, keeps what was pinned of it, and pins the others', async () => {
    writeTags()
    await pin()
    registry.put('serve', 'v2', arm, armConfig)
    registry.put('team/trainer', '1.4', other, otherConfig)
    const { code, out } = await pin()
    expect(code).toBe(1)
    expect(out).toMatch(
      /FAILED +\S+serve:v2 +it does not run on linux\/amd64: it has linux\/arm64; it is named at services\.support-llama\.image/,
    )
    expect(locked()[at('serve:v2')]?.digest).toBe(both.digest)
    expect(locked()[at('team/trainer:1.4')]?.digest).toBe(other.digest)
  })

  it('logs in as Docker does', async () => {
    writeTags()
    registry.habits = { asks: 'login' }
    const out = await pin()
    expect([out.code, out.out.match(/FAILED/g)?.length]).toEqual([1, 2])
    expect([existsSync(lock()), out.out.includes('nothing could be pinned')]).toEqual([false, true])
    vi.stubEnv('DOCKER_CONFIG', dir)
    const auth = Buffer.from(`${LOGIN.name}:${LOGIN.password}`).toString('base64')
    writeFileSync(join(dir, 'config.json'), JSON.stringify({ auths: { [registry.host]: { auth } } }))
    const { code, out: said, err } = await pin()
    expect(code).toBe(0)
    expect(said + err).not.toContain(LOGIN.password)
  })

  it('as JSON says the same', async () => {
    writeTags()
    const { code, out } = await pin('--json')
    expect([code, JSON.parse(out)]).toEqual([
      0,
      {
        file: lock(),
        written: true,
        images: [
          {
            image: at('serve:v2'),
            state: 'pinned',
            was: null,
            digest: both.digest,
            platforms: ['linux/amd64', 'linux/arm64'],
            from: `http://${registry.host}/v2/serve/manifests/v2`,
            why: null,
            paths: ['services.support-llama.image'],
          },
          expect.objectContaining({ image: at('team/trainer:1.4'), digest: one.digest }) as object,
        ],
        removed: [],
        good: true,
      },
    ])
  })

  it('that is interrupted writes nothing', async () => {
    writeTags()
    registry.habits = { hangs: true }
    const running = pin()
    while (registry.requests.length < 2) await new Promise((next) => setImmediate(next))
    process.emit('SIGINT')
    const { code, err } = await running
    expect([code, existsSync(lock())]).toEqual([130, false])
    expect(err).toBe('signalbox: interrupted: nothing was written')
  })
})

describe('signalbox pin --check', () => {
  it('ends with 0 while every tag is where it was pinned, else with 1, and never writes', async () => {
    writeTags()
    const missing = await pin('--check')
    expect([missing.code, missing.out.match(/NOT PINNED/g)?.length, existsSync(lock())]).toEqual([1, 2, false])
    await pin()
    const text = readFileSync(lock(), 'utf8')
    const good = await pin('--check')
    expect([good.code, good.out.endsWith(`${lock()} is as registries say`)]).toEqual([0, true])
    registry.put('serve', 'v2', one, oneConfig)
    const moved = await pin('--check')
    expect(moved.code).toBe(1)
    expect(moved.out).toMatch(/^MOVED +\S+serve:v2 .*→/)
    expect(moved.out).toContain('1 tag not as ')
    expect((await pin('--check', '--image', at('team/trainer:1.4'))).code).toBe(0)
    registry.habits = { always: { status: 403 } }
    const denied = await pin('--check', '--json')
    expect([denied.code, JSON.parse(denied.out)]).toMatchObject([1, { good: false, images: [{ state: 'failed' }, {}] }])
    expect(readFileSync(lock(), 'utf8')).toBe(text)
  })
})

describe('what pin is told', () => {
  it('an image that the policy does not name by tag is refused, with those that it names', async () => {
    writeTags()
    const { code, err } = await pin('--image', at('serve:v3'))
    expect(code).toBe(2)
    expect(err).toContain(
      `the policy names no ${at('serve:v3')} by tag; it names ${at('serve:v2')}, ${at('team/trainer:1.4')}`,
    )
    expect((await pin('--image', 'serve')).code).toBe(2)
  })

  it.each([
    ['{\n<<<<<<< ours\n}', 'it is no JSON: a merge left its marks in it: it is written anew'],
    ['{"lock": 1}', 'its `images` are no map: it is written anew'],
  ])(
    'a lock file that cannot be read is told by every command, and written anew by pin alone: %j',
    async (text, why) => {
      writeTags()
      writeFileSync(lock(), text)
      await expect(readConfig(file())).rejects.toThrow(': `npx signalbox pin` writes it anew')
      for (const flags of [['--check'], ['--image', at('serve:v2')]]) {
        expect((await pin(...flags)).code).toBe(1)
        expect(readFileSync(lock(), 'utf8')).toBe(text)
      }
      const { code, err } = await pin()
      expect([code, err.split('\n')[0]]).toEqual([0, `${lock()}: ${why}`])
      expect(Object.keys(locked())).toHaveLength(2)
    },
  )

  it('a lock file of a newer release is left as it is', async () => {
    writeTags()
    writeFileSync(lock(), '{"lock": 2}')
    const { code, err } = await pin()
    expect([code, err]).toEqual([1, expect.stringContaining('upgrade it first') as string])
    expect(readFileSync(lock(), 'utf8')).toBe('{"lock": 2}')
  })
})
