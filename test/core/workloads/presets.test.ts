import { describe, expect, it } from 'vitest'
import type { Config } from '../../../core/policy.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { newest, PRESETS, presetOf, revisionsOf } from '../../../core/workloads/presets.ts'
import { stageJob } from '../../../core/workloads/stage-job.ts'
import { STAGE_REVISION } from '../../../core/workloads/stage-revisions.ts'
import { exampleConfig, trainInput } from '../training-fixture.ts'

const [one, two] = [
  { title: 'One', needsModel: false, command: null, env: {} },
  { title: 'Two', needsModel: false, command: null, env: {} },
]
const presets = { p: [one, two] } as const

it('something new is made with the newest revision, and what was made with an older one keeps it', () => {
  expect(newest('p', presets)).toBe(two)
  expect(revisionsOf(['p'], presets)).toEqual({ p: 2 })
  expect(presetOf('p', 1, presets)).toBe(one)
  expect(presetOf('p', undefined, presets)).toBe(two)
})

it('a name or a revision that there never was is a fault of ours', () => {
  expect(() => presetOf('q', 1, presets)).toThrow('no revision 1 of the preset q')
  expect(() => presetOf('p', 3, presets)).toThrow('no revision 3 of the preset p')
  expect(() => presetOf('constructor')).toThrow('the preset constructor')
})

it('presets are data: they are the same after they were written down and read', () => {
  expect(JSON.parse(JSON.stringify(PRESETS))).toEqual(PRESETS)
})

type Name = keyof typeof PRESETS
const NAMES = Object.keys(PRESETS) as Name[]
const wrapped = NAMES.filter((name) => newest(name).needsRunner === true)

/** The Job of the example's first stage where it uses this preset, and the stage says no more than it must. */
const jobOf = (use: Name, env: Record<string, string> = {}) => {
  const config: Config = { ...exampleConfig(), runner: { image: `acme/runner@sha256:${'ab'.repeat(32)}` } }
  const [stage] = config.pipelines!['support-chats']!.stages
  const { args: _, ...rest } = stage!
  const runner = newest(use).needsRunner === true ? { runner: { inputs: ['dataset'] } } : {}
  const reports = { bucket: 'acme-datasets', prefix: 'monitors/' }
  Object.assign(config.services!['support-llama']!, { drift: { reports } })
  const said = newest(use).reports === true ? { REPORTS: 's3://acme-datasets/monitors/', ...env } : env
  Object.assign(config.pipelines!['support-chats']!, { stages: [{ ...rest, name: 'one', use, env: said, ...runner }] })
  delete config.pipelines!['support-chats']!.register
  const input = trainInput({ policy: parsePolicy(config) })
  const [first] = input.policy.pipelines['support-chats']!.stages
  const desired = { ...input.desired, pods: STAGE_REVISION }
  return stageJob({ ...input, desired, stage: first!, preset: newest(use), model: 's3://a/b/', reads: {} })
}
const containerOf = (use: Name, env?: Record<string, string>) => jobOf(use, env).spec!.template.spec!.containers[0]!

describe('the Job of each preset', () => {
  it.each(NAMES)('%s says no variable in its command that its container has not before it', (use) => {
    const { command = [], env = [] } = containerOf(use)
    const named = [...command.join(' ').matchAll(/\$\((\w+)\)/g)].map(([, name]) => name)
    expect(env.map(({ name }) => name)).toEqual(expect.arrayContaining(named))
  })

  it.each(NAMES)('%s has what the stage says of its variables, and never more GPUs than that', (use) => {
    for (const name of Object.keys(newest(use).env))
      expect(containerOf(use, { [name]: 'mine' }).env).toContainEqual({ name, value: 'mine' })
    expect(containerOf(use).resources?.limits?.['nvidia.com/gpu']).toBe('8')
    expect(containerOf(use).resources?.requests?.['nvidia.com/gpu']).toBe('8')
  })

  it.each(wrapped)('%s reads and writes behind signalbox-run alone', (use) => {
    const { command = [] } = containerOf(use)
    expect(command.slice(1, 3)).toEqual(['run', '--'])
    expect(command.slice(3)).toEqual(newest(use).command)
  })
})
