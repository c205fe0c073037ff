import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { wantedImages } from '../../../core/images/places.ts'
import { openPolicies, readConfig, readWritten } from '../../../local/policies/file-policies.ts'
import { readManifest } from '../../../local/policies/manifest-file.ts'
import example from '../../example.ts'

let dir: string
let edits: number
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'signalbox-manifests-'))
  edits = 0
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

/** Each edit has a time of its own, whatever the disk's clock. */
const write = (name: string, text: string): string => {
  const path = join(dir, name)
  writeFileSync(path, text)
  utimesSync(path, 1000 + ++edits, 1000 + edits)
  return path
}
const read = (text: string) => readManifest(write('x.yaml', text))

describe('the one object in a file', () => {
  it.each([
    ['YAML', 'a: {b: [1, "2"]}\n# that is all\n---\n'],
    ['JSON', '{"a": {"b": [1, "2"]}}'],
    ['what is said once and meant twice', 'a: {b: &all [1, "2"]}'],
  ])('%s', async (_, text) => {
    expect(await read(text)).toEqual({ object: { a: { b: [1, '2'] } } })
  })

  it.each([
    ['two documents', 'a: 1\n---\nb: 2\n', /^it has 2 documents: write one object$/],
    ['nothing', '# nothing\n', /^it is empty/],
    ['a key that is said twice', 'a: 1\na: 2\n', /^duplicated mapping key \(2:1\)/],
    ['no YAML', 'a: [1\n', /\(\d:\d+\)$/],
    ['a tag of a language', 'a: !!js/function "x"\n', /unknown scalar tag/],
    [
      'a number that tools read in two ways',
      'volume:\n  defaultMode: 0644\n',
      /^volume\.defaultMode: tools read this in two ways/,
    ],
    ['a word that some take for true', 'a: [on]\n', /^a\.0: tools read this in two ways/],
    ['a time', 'a: 2026-01-01\n', /^a: tools read this in two ways/],
    ['a merge of maps', 'a: &x {b: 1}\nc: {<<: *x}\n', /^c\.(<<|b): tools read this in two ways/],
    ['a number that is none', 'a: .nan\n', /^a: it is no number$/],
    ['a prototype', '{"__proto__": {"a": 1}}', /^nothing can be called `__proto__`$/],
    [
      'more than it may have',
      `a: ${JSON.stringify(Array.from({ length: 5_000 }, () => 1))}`,
      /^it has more than 4000 values/,
    ],
    [
      'a template',
      'spec:\n  {{- if .Values.gpu }}\n  a: 1\n',
      /^it is a template: write here what `helm template` makes/,
    ],
    ['a longer file than it may be', `a: ${'x'.repeat(70_000)}`, /^it has more than 65536 bytes/],
  ])('there is none in %s', async (_, text, why) => {
    expect(await read(text)).toEqual({ why: expect.stringMatching(why) })
  })

  it('what refers to itself, and what grows as it is written out, is refused in no time', async () => {
    const bomb = Array.from(
      { length: 20 },
      (_, n) =>
        `a${n}: &a${n} [${Array(9)
          .fill(n === 0 ? 'x' : `*a${n - 1}`)
          .join(',')}]`,
    )
    for (const text of [bomb.join('\n'), 'a: &a [*a]\n']) expect(await read(text)).toEqual({ why: expect.any(String) })
  })

  it.each([
    ['not there', 'none.yaml', 'there is no such file beside the policy'],
    ['a folder', 'folder.yaml', 'it is no file'],
  ])('a path that is %s', async (_, name, why) => {
    mkdirSync(join(dir, 'folder.yaml'))
    expect(await readManifest(join(dir, name))).toEqual({ why })
  })
})

it.each([
  ['out of its folder', '..', /^it is a link that leads out of the folder/],
  ['to itself', 'link.yaml', /^it is a link that leads to itself$/],
])('a link that leads %s is read by nobody', async (_, to, why) => {
  const inner = join(dir, 'inner')
  mkdirSync(inner)
  write('x.yaml', 'a: 1')
  symlinkSync(to === '..' ? join(dir, 'x.yaml') : to, join(inner, 'link.yaml'))
  expect(await readManifest(join(inner, 'link.yaml'))).toEqual({ why: expect.stringMatching(why) })
  expect(await readManifest(join(dir, 'x.yaml'), dir)).toEqual({ object: { a: 1 } })
})

const DIGEST = `sha256:${'a'.repeat(64)}`
const job = (image: string, more = ''): string => `
apiVersion: batch/v1
kind: Job
spec:
  template:
    spec:
      containers:
        - name: train
          image: ${image}
          resources: {limits: {nvidia.com/gpu: 8}}${more}
`
const policy = (): string => {
  const stage = { name: 'train', manifest: 'train.yaml', pool: 'gpu-train', hours: { p50: 1, p95: 2 } }
  const pipelines = { tuned: { on: { hand: true }, stages: [stage] } }
  return `export default ${JSON.stringify({ ...example, pipelines })}`
}

describe('a policy whose stage brings a manifest', () => {
  it('an edit of the manifest alone takes force, and one that does not hold leaves the last one and says where', async () => {
    const file = write('policy.mjs', policy())
    write('train.yaml', job(`trainer@${DIGEST}`))
    let now = 0
    const policies = await openPolicies({ file, realNow: () => now })
    const gpus = async () => (await policies.load()).pipelines['tuned']?.stages[0]?.gpus
    expect(await gpus()).toBe(8)
    const first = (await policies.load()).version
    write('train.yaml', job(`trainer@${DIGEST}`, '\n          privileged: true'))
    now += 250
    expect(await gpus()).toBe(8)
    expect(await policies.problem()).toContain('manifest: train.yaml: spec.template.spec.containers.0')
    expect((await policies.load()).version).toBe(first)
    write('train.yaml', job(`trainer@${DIGEST}`).replace('gpu: 8', 'gpu: 4'))
    now += 250
    expect([await gpus(), await policies.problem()]).toEqual([4, null])
    expect((await policies.load()).version).not.toBe(first)
    rmSync(join(dir, 'train.yaml'))
    now += 250
    expect([await gpus(), await policies.problem()]).toEqual([4, expect.stringContaining('there is no such file')])
  })

  it('names images as one that says them itself: by tag, they are looked up and taken from the lock', async () => {
    const file = write('policy.mjs', policy())
    write('train.yaml', job('trainer:1.4'))
    const wanted = wantedImages(await readWritten(file))
    expect(wanted).toContainEqual(
      expect.objectContaining({
        image: 'docker.io/library/trainer:1.4',
        paths: [`pipelines.tuned.stages.0.manifest: train.yaml: spec.template.spec.containers.0.image`],
      }),
    )
    await expect(readConfig(file)).rejects.toThrow(
      /nobody has looked up which digest docker.io\/library\/trainer:1.4 has/,
    )
    const entry = { digest: DIGEST, platforms: ['linux/amd64'], from: 'x', resolved: 'y' }
    write('policy.lock.json', JSON.stringify({ lock: 1, images: { 'docker.io/library/trainer:1.4': entry } }))
    expect(await readConfig(file)).toMatchObject({
      pipelines: { tuned: { stages: [{ image: `trainer@${DIGEST}`, manifest: 'train.yaml' }] } },
    })
  })
})
