import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Lock } from '../../../core/images/lock.ts'
import type { Config, PolicyError } from '../../../core/policy.ts'
import {
  openPolicies,
  readConfig,
  readSimulated,
  readUnpinned,
  readWritten,
} from '../../../local/policies/file-policies.ts'
import { lockOf, readLock, writeLock } from '../../../local/policies/lock-file.ts'
import example from '../../../signalbox.config.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'signalbox-lock-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const TAG = 'ghcr.io/acme/trainer:1.4'
const lock = (letter: string, platforms = ['linux/amd64']): Lock => ({
  [TAG]: { digest: `sha256:${letter.repeat(64)}`, platforms, from: 'x', resolved: 'y' },
})
const tagged = (): Config => {
  const next = structuredClone(example) as Config
  next.pipelines!['support-chats']!.stages[0]!.image = TAG
  return next
}
const write = (name: string, value: unknown): string => {
  writeFileSync(join(dir, name), JSON.stringify(value))
  return join(dir, name)
}

it.each([
  ['signalbox.config.ts', 'signalbox.lock.json'],
  ['team/policy.json', 'team/policy.lock.json'],
  ['a.config.mjs', 'a.lock.json'],
  ['config.ts', 'config.lock.json'],
])('of %s the lock is %s', (config, file) => expect(lockOf(config)).toBe(file))

describe('a policy in a file that names tags', () => {
  const image = async (read: Promise<unknown>) => ((await read) as Config).pipelines!['support-chats']!.stages[0]!.image

  it('is read with the digests of the lock beside it; as it is written where somebody looks them up', async () => {
    const file = write('a.config.json', tagged())
    writeLock(join(dir, 'a.lock.json'), lock('a'))
    expect(await image(readConfig(file))).toBe(`ghcr.io/acme/trainer@sha256:${'a'.repeat(64)}`)
    expect(await image(readWritten(file))).toBe(TAG)
  })

  it('whose image does not run on its pool is none, and says where', async () => {
    const file = write('a.config.json', tagged())
    writeLock(join(dir, 'a.lock.json'), lock('a', ['linux/arm64']))
    await expect(readConfig(file)).rejects.toThrow(
      'pipelines.support-chats.stages.0.image: ghcr.io/acme/trainer:1.4 is not',
    )
  })

  it('is in force anew once its lock is written anew; one that cannot be read leaves the last in force, and says why', async () => {
    const file = write('a.config.json', tagged())
    writeLock(join(dir, 'a.lock.json'), lock('a'))
    let now = 0
    const policies = await openPolicies({ file, realNow: () => now })
    const next = async () => {
      now += 250
      return (await policies.load()).pipelines['support-chats']!.stages[0]!.image.at(-1)
    }
    expect(await next()).toBe('a')
    writeLock(join(dir, 'a.lock.json'), lock('b'))
    expect(await next()).toBe('b')
    rmSync(join(dir, 'a.lock.json'))
    expect(await next()).toBe('b')
    expect(await policies.problem()).toContain(`which digest ${TAG} has: run \`npx signalbox pin --config ${file}\``)
    write('a.lock.json', '<')
    expect(await next()).toBe('b')
    expect(await policies.problem()).toContain('a.lock.json: it is no lock file: `npx signalbox pin` writes it anew')
    rmSync(join(dir, 'a.lock.json'))
    writeLock(join(dir, 'a.lock.json'), lock('c'))
    expect(await next()).toBe('c')
    expect(await policies.problem()).toBeNull()
  })

  it('that nobody has pinned is one for the simulated cluster alone: once per image it is said where it stands and what to run, beside what else is amiss', async () => {
    const twice = tagged()
    twice.services!['support-llama']!.image = TAG
    const file = write('a.config.json', twice)
    const made = await image(readSimulated(file))
    expect(made).toMatch(/^ghcr\.io\/acme\/trainer@sha256:[0-9a-f]{64}$/)
    expect(await image(readSimulated(file))).toBe(made)
    expect((await readUnpinned(file)).map((one) => one.image)).toEqual([TAG])
    const said = `pipelines.support-chats.stages.0.image, services.support-llama.image: nobody has looked up which digest ${TAG} has: run \`npx signalbox pin --config ${file}\``
    await expect(openPolicies({ file })).rejects.toThrow(said)
    expect((await (await openPolicies({ file, simulated: true })).load()).services['support-llama']?.image).toBe(made)
    const { problems } = (await readConfig(write('b.config.json', { ...twice, retries: -1 })).catch(
      (error: unknown) => error,
    )) as PolicyError
    expect(problems).toEqual([expect.stringContaining('nobody has looked up'), expect.stringMatching(/^retries: /)])
  })

  it('that nobody has pinned is taken with its digest once it is', async () => {
    const file = write('a.config.json', tagged())
    writeLock(join(dir, 'a.lock.json'), lock('a'))
    expect(await image(readSimulated(file))).toBe(await image(readConfig(file)))
    expect(await readUnpinned(file)).toEqual([])
  })

  it('by digests alone needs no lock: what lies there is not even read', async () => {
    const file = write('a.config.json', example)
    write('a.lock.json', 'no lock')
    expect(await readConfig(file)).toEqual(example)
  })
})

describe('a lock that is written', () => {
  it('is written where a link leads, once, and whole or not at all', () => {
    const [file, link] = [join(dir, 'real.json'), join(dir, 'link.json')]
    writeFileSync(file, '')
    symlinkSync(file, link)
    expect([writeLock(link, lock('a')), writeLock(link, lock('a'))]).toEqual([true, false])
    expect(readLock(file)).toEqual(lock('a'))
    expect(statSync(link).ino).toBe(statSync(file).ino)
  })

  it('where nobody may write stays, and nothing is left beside it', () => {
    const file = join(dir, 'nowhere', 'a.lock.json')
    expect(() => writeLock(file, lock('a'))).toThrow()
    expect(readLock(file)).toEqual({})
  })

  it('that may not be read says so', () => {
    const file = write('a.lock.json', {})
    rmSync(file)
    symlinkSync(dir, file)
    expect(() => readLock(file)).toThrow('it cannot be read')
    chmodSync(dir, 0o755)
  })

  it('ends as text files do', () => {
    const file = join(dir, 'a.lock.json')
    writeLock(file, {})
    expect(readFileSync(file, 'utf8')).toBe('{\n  "lock": 1,\n  "images": {}\n}\n')
  })
})
