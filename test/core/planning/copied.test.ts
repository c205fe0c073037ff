import { describe, expect, it } from 'vitest'
import { planPipeline } from '../../../core/planning/pipeline.ts'
import { type Config, parsePolicy } from '../../../core/policy.ts'
import { stagesOf } from '../../variants.ts'
import { CPU } from '../../without-gpus.ts'
import { desired, exampleConfig, trainInput } from '../training-fixture.ts'

type Train = object
const TB = 1e12
const AT_DATASET = { name: 'lake', mountPath: '/signalbox/in/dataset' }
const RUNNER = {
  image: `amazon/aws-cli@sha256:${'a'.repeat(64)}`,
  sha256: { amd64: 'b'.repeat(64), arm64: 'c'.repeat(64) },
}

/** The plan of a run on so many bytes, whose training has them copied, after a change of the policy. */
const planOf = (bytes: number, change: (train: Train, config: Config) => void = () => undefined) => {
  const config: Config = exampleConfig()
  const { train } = stagesOf(config.pipelines!['support-chats']!)
  Object.assign(config, { runner: RUNNER })
  Object.assign(train, { command: ['torchrun', 'train.py'], runner: { inputs: ['dataset'] } })
  change(train, config)
  return planPipeline(trainInput({ policy: parsePolicy(config), desired: { ...desired, bytes } }))
}
/** What the plan says of it, or why there is none. */
const wordsOf = (...given: Parameters<typeof planOf>): string[] => {
  const planned = planOf(...given)
  return planned.kind === 'plan' ? planned.plan.reasons.filter((one) => one.includes('copied')) : [`${planned.kind}`]
}
/** Nodes whose disk is a volume. */
const onVolumes = (_: Train, config: Config) => {
  Object.assign(config.pools!['gpu-train']!, { instanceType: 'p3.16xlarge' })
}
const onSmallDisks = (_: Train, config: Config) => {
  Object.assign(config, { nodes: { ami: 'al2023@v20261101', role: 'gpu-nodes' } })
  Object.assign(config.pools!['gpu-train']!, { instanceType: 'p3.16xlarge', disk: 800 })
}

describe('a dataset that is copied to the node', () => {
  it('says how many of the hours that takes, where it is worth a word', () => {
    expect(wordsOf(10 * TB, onVolumes)).toEqual([
      'train has the dataset copied to its node first, 10 TB: at least 2.7 h of its hours, at the 1,000 MiB a second that the fastest gp3 volume takes',
    ])
    expect(wordsOf(0.1 * TB, onVolumes)).toMatchObject([expect.stringContaining('100 GB: at least 2 min of its hours')])
    expect(wordsOf(0.05 * TB, onVolumes)).toEqual([])
  })

  it('says so where its deadline would come first', () => {
    expect(wordsOf(100 * TB, onVolumes)).toMatchObject([
      expect.stringContaining(
        '; it is ended after 9 h, before its own program begins: say more `hours`, or leave `dataset` out',
      ),
    ])
  })

  it('says that it is copied, and for how long nobody knows, where nodes have disks of their own', () => {
    expect(wordsOf(10 * TB)).toEqual(['train has the dataset copied to its node first, 10 TB, within its hours'])
    expect(wordsOf(0.05 * TB)).toEqual([])
  })

  it('takes longer on nodes without GPUs, whose disks are as they come, where the policy makes those', () => {
    const onCpu = (made: boolean) => (train: Train, config: Config) => {
      if (made) Object.assign(config, { nodes: { ami: 'al2023@v20261101', role: 'gpu-nodes' } })
      Object.assign(config.pools, { cpu: { ...CPU, disk: 800 } })
      Object.assign(train, { pool: 'cpu', gpus: 0 })
    }
    expect(wordsOf(0.1 * TB, onCpu(true))).toEqual([
      'train has the dataset copied to its node first, 100 GB: at least 13 min of its hours, at the 125 MiB a second that a gp3 volume takes as it comes',
    ])
    expect(wordsOf(0.1 * TB, onCpu(false))).toMatchObject([expect.stringContaining('at least 2 min of its hours')])
  })

  it('is no word of one that is streamed, or lies on a volume', () => {
    expect(wordsOf(10 * TB, (train) => Object.assign(train, { runner: { inputs: [] } }))).toEqual([])
    const volumes = [{ name: 'lake', persistentVolumeClaim: { claimName: 'lake' } }]
    const mounted = (at: typeof AT_DATASET) => (train: Train) =>
      Object.assign(train, { pod: { volumes, containers: [{ name: 'train', volumeMounts: [at] }] } })
    expect(wordsOf(10 * TB, mounted(AT_DATASET))).toEqual([])
    expect(wordsOf(10 * TB, mounted({ ...AT_DATASET, mountPath: '/lake' }))).toHaveLength(1)
  })

  it('is refused on paper where no node can hold it, and says what to do', () => {
    expect(planOf(0.8 * TB, onSmallDisks)).toMatchObject({ kind: 'plan' })
    expect(planOf(10 * TB, onSmallDisks)).toMatchObject({
      kind: 'refuse',
      reason: 'disk-too-small',
      detail:
        'train has its dataset of 10 TB copied to the disk of its node, and one of gpu-train has 800 GiB: leave `dataset` out of the inputs of `runner`, and its program streams it; or mount a volume at /signalbox/in/dataset, by `pod`; or say a larger `disk` of the pool',
    })
  })

  it('is not refused where nobody here knows the disk', () => {
    const withStore = (train: Train, config: Config) => {
      onSmallDisks(train, config)
      Object.assign(config.pools!['gpu-train']!, { instanceType: 'p5.48xlarge' })
    }
    expect(planOf(10 * TB, withStore)).toMatchObject({ kind: 'plan' })
    expect(planOf(10 * TB)).toMatchObject({ kind: 'plan' })
  })
})
