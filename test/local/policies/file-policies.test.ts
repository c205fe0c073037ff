import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PolicyError } from '../../../core/policy.ts'
import { openPolicies, readConfig } from '../../../local/policies/file-policies.ts'
import example from '../../example.ts'

let dir: string
let file: string
let now: number
let edits: number

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'signalbox-policies-'))
  file = join(dir, 'policy.mjs')
  ;[now, edits] = [0, 0]
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

/** Each edit has a time of its own, whatever the disk's clock. */
const write = (text: string, at = file): void => {
  writeFileSync(at, text)
  utimesSync(at, 1000 + ++edits, 1000 + edits)
}
const policy = (change: object): string => `export default ${JSON.stringify({ ...example, ...change })}`
const open = () => openPolicies({ file, realNow: () => now })

describe('a policy in a file', () => {
  it('an edit takes force without a restart', async () => {
    write(policy({ cluster: 'one' }))
    const policies = await open()
    expect((await policies.load()).cluster).toBe('one')
    write(policy({ cluster: 'two' }))
    now += 250
    expect((await policies.load()).cluster).toBe('two')
    expect(await policies.problem()).toBeNull()
  })

  it('an edit that does not hold together leaves the last one in force, and says why, until it is mended', async () => {
    write(policy({ cluster: 'one' }))
    const policies = await open()
    for (const broken of ['export default {', 'export default { installation: "x" }']) {
      write(broken)
      now += 250
      expect((await policies.load()).cluster).toBe('one')
      expect(await policies.problem()).not.toBeNull()
    }
    write(policy({ cluster: 'two' }))
    now += 250
    expect((await policies.load()).cluster).toBe('two')
    expect(await policies.problem()).toBeNull()
  })

  it('an edit of any file that it imports takes force as one of the file itself, whichever way it is imported', async () => {
    const names = ['near.mjs', 'far.mts', 'data.json', 'old.cjs', 'late.ts'].map((name) => join(dir, name))
    const [near, far, data, old, late] = names as [string, string, string, string, string]
    const say = {
      [near]: (n: number) => `import { far } from './far.mts'; export const near = far + 'n${n}'`,
      [far]: (n: number) => `export const far: string = 'f${n}'`,
      [data]: (n: number) => `{ "d": "d${n}" }`,
      [old]: (n: number) => `module.exports = 'c${n}'`,
      [late]: (n: number) => `export default 'l${n}'`,
    }
    for (const [path, text] of Object.entries(say)) write(text(1), path)
    write(`import { near } from './near.mjs'
      import data from './data.json' with { type: 'json' }
      import old from './old.cjs'
      const { default: late } = await import('./late.ts')
      export default { ...${JSON.stringify(example)}, cluster: near + data.d + old + late }`)
    const policies = await open()
    expect((await policies.load()).cluster).toBe('f1n1d1c1l1')
    for (const [count, [path, text]] of Object.entries(say).entries()) {
      write(text(2), path)
      now += 250
      const { cluster } = await policies.load()
      expect(cluster.match(/2/g)).toHaveLength(count + 1)
      expect(await policies.problem()).toBeNull()
    }
    expect((await policies.load()).cluster).toBe('f2n2d2c2l2')
  })

  it('a file that it imports and that does not hold together is said by its name, until that file is mended', async () => {
    const pools = join(dir, 'pools.ts')
    write(`export const cluster = 'one'`, pools)
    write(`import { cluster } from './pools.ts'\nexport default { ...${JSON.stringify(example)}, cluster }`)
    const policies = await open()
    const edit = async (change: () => void) => {
      change()
      now += 250
      return [(await policies.load()).cluster, await policies.problem()]
    }
    const bad = expect.stringMatching(/pools\.ts/)
    expect(await edit(() => write('export const cluster = [', pools))).toEqual(['one', bad])
    expect(await edit(() => rmSync(pools))).toEqual(['one', bad])
    expect(await edit(() => write(`export const cluster = 'two'`, pools))).toEqual(['two', null])
  })

  it('that waits for something which never comes is not waited for: the last one stays in force, and what is written next counts', async () => {
    write(policy({ cluster: 'one' }))
    const policies = await openPolicies({ file, realNow: () => now, longest: 20 })
    const waits = `await new Promise(() => {})\n${policy({ cluster: 'two' })}`
    write(waits)
    now += 250
    expect((await policies.load()).cluster).toBe('one')
    expect(await policies.problem()).toContain('it has not said its policy within 0.02 s')
    // Whoever is still at it takes nothing back.
    write(waits)
    now += 250
    const late = policies.load()
    write(policy({ cluster: 'three' }))
    now += 250
    expect((await policies.load()).cluster).toBe('three')
    await late
    expect((await policies.load()).cluster).toBe('three')
    expect(await policies.problem()).toBeNull()
  })

  it('of JSON that says a key twice is none: the first would be lost without a word', async () => {
    const json = join(dir, 'policy.json')
    writeFileSync(json, JSON.stringify(example).replace('"pipelines":', '"pipelines":{},"pipelines":'))
    await expect(readConfig(json)).rejects.toThrow('it says `pipelines` twice at one place: leave one of them out')
    writeFileSync(json, JSON.stringify(example))
    expect(await readConfig(json)).toEqual(example)
    writeFileSync(json, JSON.stringify({ $schema: './policy.schema.json', ...example }))
    expect(await readConfig(json)).toEqual(example)
  })

  it('that is gone stays in force as it was', async () => {
    write(policy({ cluster: 'one' }))
    const policies = await open()
    rmSync(file)
    now += 250
    expect((await policies.load()).cluster).toBe('one')
  })

  it('that is not there, or no program, is refused with the file’s name', async () => {
    await expect(readConfig(join(dir, 'none.ts'))).rejects.toThrow(/none\.ts: there is no such file/)
    write('export default {')
    await expect(readConfig(file)).rejects.toThrow(PolicyError)
    await expect(readConfig(file)).rejects.toThrow(/policy\.mjs/)
  })

  it('that is written in another notation, or makes a policy that nobody asks for, is told what to write', async () => {
    for (const [name, text, say] of [
      ['policy.yaml', 'cluster: ml', 'a policy is no YAML: write it as a .ts file, or as JSON, `yq -o=json'],
      ['policy.toml', '', 'a policy is a .ts, .js or .json file: name it so'],
      ['policy.json', '{ "a": 1, }', 'policy.json: line 1: JSON takes no comma'],
      ['function.mjs', 'export default () => ({})', 'it exports a function, which nobody calls: write `export default'],
      ['none.mjs', 'export const policy = {}', 'it exports no policy: write `export default defineConfig('],
    ] as const) {
      writeFileSync(join(dir, name), text)
      await expect(readConfig(join(dir, name))).rejects.toThrow(say)
    }
  })
})
