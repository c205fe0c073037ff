import type { V1Container, V1PodSpec } from '@kubernetes/client-node'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Config, parsePolicy } from '../../../core/policy.ts'
import { objectDigest } from '../../../core/workloads/object-digest.ts'
import { presetOf } from '../../../core/workloads/presets.ts'
import { RUNNER_CODES, RUNNER_FOLDER } from '../../../core/workloads/runner.ts'
import { stageJob } from '../../../core/workloads/stage-job.ts'
import { STAGE_REVISION } from '../../../core/workloads/stage-revisions.ts'
import { workDigest } from '../../../core/workloads/work-digest.ts'
import { exampleConfig, trainInput } from '../training-fixture.ts'

const IMAGE = `acme/runner@sha256:${'ab'.repeat(32)}`
const sha256 = { amd64: '1'.repeat(64), arm64: '2'.repeat(64) }
type Stage = NonNullable<Config['pipelines']>[string]['stages'][number]
type Job = ReturnType<typeof stageJob>

/** The Job of the example's first stage after a change of it. */
const made = (change: Partial<Stage> = {}, runner: Config['runner'] = { image: IMAGE }, pods = STAGE_REVISION): Job => {
  const config: Config = exampleConfig()
  if (runner !== undefined) config.runner = runner
  Object.assign(config.pipelines!['support-chats']!.stages[0]!, change)
  const policy = parsePolicy(config)
  const stage = policy.pipelines['support-chats']!.stages[0]!
  const preset = stage.use === undefined ? null : presetOf(stage.use)
  const input = trainInput({ policy })
  return stageJob({
    ...input,
    desired: { ...input.desired, pods },
    stage,
    preset,
    model: stage.model ?? null,
    reads: {},
  })
}
const wrapped: Partial<Stage> = { runner: { inputs: ['dataset'] } }
const specOf = (job: Job): V1PodSpec => job.spec!.template.spec!
const main = (job: Job): V1Container => specOf(job).containers[0]!
const env = (job: Job, name: string): string | undefined => main(job).env?.find((one) => one.name === name)?.value

describe('the Job of a stage that signalbox-run goes before', () => {
  it('runs what it ran behind that, and is told its stage, its inputs and its grace', () => {
    const job = made(wrapped)
    expect(main(job).command).toEqual([`${RUNNER_FOLDER}/bin/signalbox-run`, 'run', '--', ...main(made()).command!])
    expect(main(job).args).toEqual(main(made()).args)
    expect([env(job, 'SIGNALBOX_STAGE'), env(job, 'SIGNALBOX_INPUTS')]).toEqual(['train', 'dataset'])
    expect(env(job, 'SIGNALBOX_GRACE')).toBe(String(specOf(job).terminationGracePeriodSeconds))
    const pod = { terminationGracePeriodSeconds: 600 }
    expect(env(made({ ...wrapped, pod }), 'SIGNALBOX_GRACE')).toBe('600')
    // Where its result is looked for is where it writes it.
    for (const name of ['RESULTS_URI', 'POD_NAME', 'JOB_NAME'])
      expect(main(job).env).toContainEqual(main(made()).env!.find((one) => one.name === name))
  })

  it('says by its ends how it ended, of whoever brings the program too', () => {
    const [ignored, ...rules] = made(wrapped).spec!.podFailurePolicy!.rules
    expect(ignored).toEqual({ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] })
    expect(rules).toEqual(
      ['train', 'signalbox-run'].map((containerName) => ({
        action: 'FailJob',
        onExitCodes: { containerName, operator: 'In', values: RUNNER_CODES },
      })),
    )
  })

  it('gets it from the bucket of results where the policy has its digests', () => {
    const [bringer] = specOf(made(wrapped, { image: IMAGE, sha256 })).initContainers!
    expect(bringer!.env).toEqual([
      { name: 'RUNNER_URI', value: 's3://acme-results/signalbox-run' },
      { name: 'RUNNER_SHA256_AMD64', value: sha256.amd64 },
      { name: 'RUNNER_SHA256_ARM64', value: sha256.arm64 },
    ])
    const elsewhere = specOf(made(wrapped, { image: IMAGE, sha256, prefix: 'a/b/' })).initContainers![0]!
    expect(elsewhere.env![0]!.value).toBe('s3://acme-results/a/b')
  })

  it('is another work by what it fetches and by which program goes before it: both are approved', () => {
    const all = [
      made(),
      made(wrapped),
      made({ runner: { inputs: [] } }),
      made(wrapped, { image: IMAGE.replace('runner', 'other') }),
      made(wrapped, { image: IMAGE, sha256 }),
      made(wrapped, { image: IMAGE, sha256: { ...sha256, arm64: '3'.repeat(64) } }),
    ]
    expect(new Set(all.map(objectDigest)).size).toBe(all.length)
    expect(new Set(all.map(workDigest)).size).toBe(all.length)
  })

  it('is the same Job where nobody says so, whatever the policy has of the program, in every revision (law 15)', () => {
    for (let revision = 1; revision <= STAGE_REVISION; revision += 1) {
      expect(made({}, { image: IMAGE, sha256 }, revision)).toEqual(made({}, undefined, revision))
      expect(main(made(wrapped, { image: IMAGE }, revision)).command![0]).toBe(`${RUNNER_FOLDER}/bin/signalbox-run`)
    }
  })

  it('whatever its patch: images by digest, names once each, no GPU more, nothing of its node, and the program behind ours', () => {
    const name = fc.constantFrom('train', 'a', 'log')
    const container = fc.record({ name: fc.constantFrom('a', 'log'), image: fc.constant(IMAGE) })
    const own = fc.record({ name: fc.constant('train'), workingDir: fc.constantFrom('/a', '/b') })
    const patch = fc.record(
      {
        terminationGracePeriodSeconds: fc.integer({ min: 0, max: 5000 }),
        initContainers: fc.uniqueArray(container, { maxLength: 2, selector: (one) => one.name }),
        containers: fc.uniqueArray(own, { maxLength: 1, selector: (one) => one.name }),
        volumes: fc.uniqueArray(fc.record({ name, emptyDir: fc.constant({}) }), {
          maxLength: 2,
          selector: (one) => one.name,
        }),
      },
      { requiredKeys: [] },
    )
    const inputs = fc.constantFrom<string[]>([], ['dataset'])
    const source = fc.constantFrom<NonNullable<Config['runner']>>({ image: IMAGE }, { image: IMAGE, sha256 })
    fc.assert(
      fc.property(patch, inputs, source, fc.integer({ min: 1, max: STAGE_REVISION }), (pod, all, runner, revision) => {
        const [job, bare] = [made({ runner: { inputs: all }, pod }, runner, revision), made({ pod }, runner, revision)]
        const spec = specOf(job)
        const containers = [...(spec.initContainers ?? []), ...spec.containers]
        for (const { image } of containers) expect(image).toMatch(/@sha256:[0-9a-f]{64}$/)
        for (const named of [containers, spec.volumes!])
          expect(new Set(named.map((one) => one.name)).size).toBe(named.length)
        expect(spec.initContainers!.at(-1)!.resources?.limits).toBeUndefined()
        expect(main(job).resources).toEqual(main(bare).resources)
        expect(main(job).command!.slice(3)).toEqual(main(bare).command)
        expect(env(job, 'SIGNALBOX_GRACE')).toBe(String(spec.terminationGracePeriodSeconds))
        expect(spec.initContainers!.slice(0, -1)).toEqual(specOf(bare).initContainers ?? [])
        expect(JSON.stringify(spec)).not.toMatch(/hostPath|privileged|g1a1/)
      }),
    )
  })
})
