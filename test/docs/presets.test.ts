import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { pinned } from '../../core/images/pinned.ts'
import { wantedImages } from '../../core/images/places.ts'
import { onPaper } from '../../core/policy/on-paper.ts'
import { nameOfStage } from '../../core/policy/stages.ts'
import { parsePolicy } from '../../core/policy.ts'
import { newest, PRESETS } from '../../core/workloads/presets.ts'
import example from '../example.ts'

const ROOT = join(import.meta.dirname, '../..')
const page = readFileSync(join(ROOT, 'docs/presets.md'), 'utf8')

const blocks = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, text = '']) => text)
const rest = { pool: 'gpu-train', gpus: 1, hours: { p50: 1, p95: 2 } }
const said = (text = '', service = {}) =>
  new Function(
    'rest',
    'service',
    `return {${text.replace(/(?<='support-llama': \{ )…/, '...service').replaceAll('…', '...rest')}}`,
  )(rest, service)
const parsed = (config: unknown) => {
  const one = { digest: `sha256:${'b'.repeat(64)}`, platforms: ['linux/amd64'], from: 'x', resolved: 'y' }
  return parsePolicy(pinned(config, Object.fromEntries(wantedImages(config).map(({ image }) => [image, one]))).config)
}

it('docs/presets.md shows policies that are some, once their tags are pinned and what they leave out is said', () => {
  expect(blocks).toHaveLength(4)
  const [whole, watch] = [said(blocks[0]), said(blocks[3], example.services?.['support-llama'])]
  const { on } = example.pipelines!['support-chats']!
  const config = { ...example, ...whole, pipelines: { 'support-chats': { on, ...whole.pipelines['support-chats'] } } }
  expect(parsed(config).pipelines['support-chats']!.stages.map(nameOfStage)).toEqual([
    ...['preprocess', 'fine-tune', 'merge', 'quantize', 'benchmark', 'scan'],
  ])
  const watched = {
    ...{ ...config, pipelines: { ...config.pipelines, ...watch.pipelines } },
    services: { ...example.services, ...watch.services },
  }
  expect(parsed(watched).services['support-llama']?.drift?.reports?.prefix).toBe('monitors/support-llama/')
})

it('shows a policy with a stage without GPUs that is one', () => {
  const shown = said(blocks[1])
  const runner = { image: 'ghcr.io/acme/signalbox-run:1.0.0' }
  const { on } = example.pipelines!['support-chats']!
  const pipelines = { 'support-chats': { on, ...shown.pipelines['support-chats'] } }
  const policy = parsed({ ...example, runner, pools: { ...example.pools, ...shown.pools }, pipelines })
  expect(policy.pools['cpu']).toMatchObject({ counts: 'nodes', maxGpus: 4 })
  expect(onPaper(policy)).toEqual([])
})

it('says which presets need no GPU, and which none where they ask a server', () => {
  const [, text = ''] = /## Without GPUs\n([\s\S]*?)\n\n/.exec(page)?.[0].split('\n\n') ?? []
  const [alone = '', asking = ''] = text.split(';')
  const named = (part: string) => Object.keys(PRESETS).filter((name) => part.includes(`\`${name}\``))
  expect(named(alone)).toEqual(Object.keys(PRESETS).filter((name) => newest(name).withoutGpus === true))
  expect(named(asking)).toEqual(Object.keys(PRESETS).filter((name) => newest(name).asks !== undefined))
})

it('shows a policy with stages on several nodes that is one', () => {
  const [rest, pool] = [{ pool: 'gpu-train', hours: { p50: 1, p95: 2 } }, example.pools['gpu-train']!]
  const [pools, stages] = (blocks[2] ?? '')
    .split('pipelines:')
    .map((half, index) => half.replaceAll('…', index === 0 ? 'price: pool.price' : '...rest'))
  const said = new Function('rest', 'pool', `return {${pools}pipelines:${stages}}`)(rest, pool)
  const runner = { image: 'ghcr.io/acme/signalbox-run:1.0.0' }
  const { on } = example.pipelines!['support-chats']!
  const config = {
    ...example,
    runner,
    pools: { ...example.pools, ...said.pools },
    pipelines: { 'support-chats': { on, ...said.pipelines['support-chats'] } },
  }
  const policy = parsed(config)
  expect(policy.pipelines['support-chats']!.stages.map(({ nodes }) => nodes)).toEqual([4, 4])
  expect(onPaper(policy)).toEqual([])
})

it('has a row for each preset, which says whether it needs signalbox-run', () => {
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \| (?!runs).* \| ([^|]+) \|$/gm)].map(([, name, needs]) => [
    name,
    needs,
  ])
  expect(rows.map(([name]) => name)).toEqual(Object.keys(PRESETS))
  expect(rows.filter(([, needs]) => needs === 'yes').map(([name]) => name)).toEqual(
    Object.keys(PRESETS).filter((name) => newest(name).needsRunner === true),
  )
})

it('has every variable that a script reads, and no other', () => {
  for (const [script, file] of [
    ['train.py', 'trainer-lora/train.py'],
    ['preprocess.py', 'tools/preprocess.py'],
    ['quantize.py', 'tools/quantize.py'],
    ['evaluate.py', 'tools/evaluate.py'],
    ['scan.py', 'scan/scan.py'],
    ['drift.py', 'drift/drift.py'],
  ]) {
    const row = page.split('\n').find((line) => line.startsWith(`| \`${script}\` |`)) ?? ''
    const said = [...(row.split('|')[2] ?? '').matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name)
    const text = readFileSync(join(ROOT, 'images', file ?? ''), 'utf8')
    const read = [...text.matchAll(/(?:setting|environ\.get)\(["']([A-Z_]+)["']/g)].map(([, name]) => name)
    const known = [
      'INPUT_SHA256',
      'JOB_NAME',
      'LOCAL_RANK',
      'BASE_MODEL',
      'SIGNALBOX_CHECKPOINTS',
      'SIGNALBOX_CHECKPOINT_MARKER',
      'SIGNALBOX_SAVE_NOW',
    ]
    const schemes = ['FP8', 'GPTQ', 'AWQ']
    expect(new Set(said.filter((name) => !schemes.includes(name ?? '')))).toEqual(
      new Set(read.filter((name) => !known.includes(name ?? ''))),
    )
  }
})
