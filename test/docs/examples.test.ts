import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { wantedImages } from '../../core/images/places.ts'
import { memoryIn } from '../../core/policy/gpu-memory.ts'
import { onPaper } from '../../core/policy/on-paper.ts'
import { sliceOf } from '../../core/policy/sharing.ts'
import { type Config, parsePolicy } from '../../core/policy.ts'
import { ENGINES } from '../../core/workloads/engines.ts'
import { PRESETS } from '../../core/workloads/presets.ts'
import { shareArgs } from '../../core/workloads/share.ts'
import { readWritten } from '../../local/policies/file-policies.ts'
import { withDigests } from '../journeys/life.ts'

const ROOT = join(import.meta.dirname, '../..')
const FILES = globSync('examples/*.config.ts', { cwd: ROOT }).sort()
const loaded = new Map(
  await Promise.all(FILES.map(async (file) => [file, (await readWritten(join(ROOT, file))) as Config] as const)),
)

describe.each(FILES)('%s', (file) => {
  const config = loaded.get(file)

  it('is a policy once its tags are pinned, and all of it can work as it is written', () => {
    const policy = parsePolicy(withDigests(config))
    expect(onPaper(policy)).toEqual([])
  })

  it('names images by tag, each a version of its own, of upstream or one that images/ here makes', () => {
    const images = wantedImages(config).map(({ image }) => image)
    expect(images.length).toBeGreaterThan(1)
    for (const image of images) {
      const [, ours] = /^ghcr\.io\/acme\/([a-z-]+):\d/.exec(image) ?? []
      if (ours === undefined) expect(image).toMatch(/^docker\.io\/.*:.*\d+\.\d+\.\d+/)
      else expect(existsSync(join(ROOT, 'images', ours, 'Dockerfile')), image).toBe(true)
    }
  })
})

it('the life of a model goes through every preset that makes or measures weights, and a monitor of drift', () => {
  const config = loaded.get('examples/life.config.ts')
  const used = Object.values(config?.pipelines ?? {}).flatMap(({ stages }) => stages.map(({ use }) => use))
  // It begins from a model that is there. Evaluating by an image of yours is what `benchmark` is here, and a batch is nobody's life.
  const others = ['pre-train', 'evaluate', 'batch-infer']
  expect(used.toSorted()).toEqual(
    Object.keys(PRESETS)
      .filter((name) => !others.includes(name))
      .sort(),
  )
})

it('docs/bring-your-manifest.md shows examples/bring-your-manifest.config.ts and both manifests, to the letter', () => {
  const page = readFileSync(join(ROOT, 'docs/bring-your-manifest.md'), 'utf8')
  for (const [language, files] of [
    ['ts', ['examples/bring-your-manifest.config.ts']],
    ['yaml', ['examples/manifests/train.yaml', 'examples/manifests/job-set.yaml']],
  ] as const) {
    const shown = [...page.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, text]) => text)
    expect(shown).toEqual(files.map((file) => readFileSync(join(ROOT, file), 'utf8')))
  }
})

it('the policy that brings a JobSet is the one of that page with another file and names', () => {
  const [manifest, jobSet] = ['manifest', 'job-set'].map((file) =>
    JSON.stringify(loaded.get(`examples/bring-your-${file}.config.ts`)),
  )
  const places = (text = '') => Object.keys(JSON.parse(text)).sort()
  expect(places(jobSet)).toEqual(places(manifest))
  expect(jobSet).toContain('manifests/job-set.yaml#spec.replicatedJobs.0.template')
})

it('docs/bring-your-trainer.md shows examples/bring-your-trainer.config.ts, to the letter', () => {
  const page = readFileSync(join(ROOT, 'docs/bring-your-trainer.md'), 'utf8')
  const [, shown] = /```ts\n([\s\S]*?)```/.exec(page) ?? []
  expect(shown).toBe(readFileSync(join(ROOT, 'examples/bring-your-trainer.config.ts'), 'utf8'))
})

it('docs/autoscaling.md shows examples/scaled-service.config.ts, to the letter', () => {
  const page = readFileSync(join(ROOT, 'docs/autoscaling.md'), 'utf8')
  const [, shown] = /```ts\n([\s\S]*?)```/.exec(page) ?? []
  expect(shown).toBe(readFileSync(join(ROOT, 'examples/scaled-service.config.ts'), 'utf8'))
})

it('docs/gpu-sharing.md shows examples/shared-gpus.config.ts, to the letter, and says what doctor and the plan say of it', () => {
  const page = readFileSync(join(ROOT, 'docs/gpu-sharing.md'), 'utf8')
  const [, shown] = /```ts\n([\s\S]*?)```/.exec(page) ?? []
  expect(shown).toBe(readFileSync(join(ROOT, 'examples/shared-gpus.config.ts'), 'utf8'))
  const policy = parsePolicy(withDigests(loaded.get('examples/shared-gpus.config.ts')))
  const { 'gpu-turns': turns, 'gpu-parts': parts } = policy.pools
  expect([turns?.gpusPerNode, turns?.maxGpus, parts?.gpusPerNode]).toEqual([16, 32, 7])
  expect(memoryIn(turns!)).toBe(11)
  expect(page).toContain(`pods ask for | \`${turns?.counts}\` | \`${parts?.counts}\``)
  expect(page).toContain(shareArgs(ENGINES.vllm.at(-1)!, sliceOf(turns!)!)[0])
})
