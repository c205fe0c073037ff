import { describe, expect, it } from 'vitest'
import { onPaper } from '../../../core/policy/on-paper.ts'
import { type Config, PolicyError, parsePolicy } from '../../../core/policy.ts'
import { CPU, withoutGpus } from '../../without-gpus.ts'

const problems = (config: unknown): string[] => {
  try {
    parsePolicy(config)
    return []
  } catch (error) {
    if (error instanceof PolicyError) return error.problems
    throw error
  }
}
const STAGE = 'pipelines.support-chats.stages.0'
const first = (config: Config) => config.pipelines!['support-chats']!.stages[0]!

describe('a stage without GPUs', () => {
  it.each([
    ['of an image of its own', {}],
    [
      'of a preset that needs none',
      { name: undefined, use: 'preprocess', command: undefined, runner: { inputs: ['dataset'] } },
    ],
    ['that evaluates an API', { use: 'evaluate', command: undefined }],
    [
      'that asks a server',
      {
        use: 'benchmark',
        command: undefined,
        env: { TARGET_URL: 'http://m/v1', TASKS: 'ifeval' },
        runner: { inputs: [] },
      },
    ],
    ['of a preset that works on GPUs, with a command of its own', { use: 'fine-tune', model: 'a/b' }],
    [
      'with a pod that asks for more',
      { pod: { containers: [{ name: 'prep', resources: { requests: { cpu: '12' } } }] } },
    ],
  ])('may be one %s', (_, stage) => {
    const config = withoutGpus({ stage })
    for (const key of ['name', 'command'] as const) if (first(config)[key] === undefined) delete first(config)[key]
    const runner = {
      image: 'amazon/aws-cli@sha256:'.padEnd(86, 'a'),
      sha256: { amd64: 'a'.repeat(64), arm64: 'b'.repeat(64) },
    }
    expect(problems({ ...config, runner })).toEqual([])
  })

  it.each<[string, object, string[]]>([
    [
      'in a pool whose nodes have some, and is told why and which have none',
      { pool: 'gpu-train' },
      [
        `${STAGE}.gpus: the nodes of \`gpu-train\` have GPUs, and one would be held for a stage that needs none: run it on \`cpu\`, whose nodes have none; found 0`,
      ],
    ],
    [
      'that asks for some where there are none',
      { gpus: 1 },
      [`${STAGE}.gpus: the nodes of \`cpu\` have no GPUs: write 0, or use a pool that has; found 1`],
    ],
    [
      'on several nodes',
      { nodes: 2 },
      [`${STAGE}.nodes: a stage without GPUs runs on one node: leave it out, or say \`gpus\`; found 2`],
    ],
  ])('is refused %s', (_, stage, told) => {
    expect(problems(withoutGpus({ stage })).map((line) => line.replace(/; found \d$/, ''))).toEqual(
      told.map((line) => line.replace(/; found \d$/, '')),
    )
  })

  it.each(['fine-tune', 'pre-train', 'quantize', 'benchmark', 'scan', 'batch-infer'])(
    'is refused of %s, whose program works on GPUs, and is told which need none',
    (use) => {
      const config = withoutGpus({ stage: { use, model: 'a/b' } })
      delete first(config).command
      expect(problems(config).join('\n')).toContain(
        `${STAGE}.gpus: what \`${use}\` runs works on GPUs: say how many${['benchmark', 'scan'].includes(use) ? ', or name a server in `TARGET_URL`' : ''}; of the presets evaluate, preprocess, merge, drift-monitor need none`,
      )
    },
  )

  it('where no pool is without, is told to add one', () => {
    const config = withoutGpus({ stage: { pool: 'gpu-train' } })
    delete config.pools['cpu']
    expect(problems(config).join('\n')).toContain('add a pool without them (`gpusPerNode: 0`), and run it there')
  })

  it('may have an alternative with GPUs, and none that has neither the one nor the other', () => {
    const withAlternative = (other: object) => {
      const config = withoutGpus()
      Object.assign(config.pipelines!['support-chats']!, { alternatives: { fast: { stages: { prep: other } } } })
      return problems(config)
    }
    const hours = { p50: 0.1, p95: 0.2 }
    const path = 'pipelines.support-chats.alternatives.fast.stages.prep'
    expect(withAlternative({ pool: 'gpu-train', gpus: 1, hours })).toEqual([])
    expect(withAlternative({ pool: 'gpu-train' }).join()).toContain(`${path}: the nodes of \`gpu-train\` have GPUs`)
    expect(withAlternative({ gpus: 1, hours }).join()).toContain(`${path}: the nodes of \`cpu\` have no GPUs`)
  })
})

describe('a pool without GPUs', () => {
  it.each<[string, object, string]>([
    ['without a ceiling', { maxNodes: undefined }, 'pools.cpu.maxNodes: is missing'],
    [
      'with a ceiling on GPUs',
      { maxGpus: 8 },
      'pools.cpu.maxGpus: a node of this pool has no GPUs, and nodes are counted: write `maxNodes`',
    ],
    [
      'with hours of GPUs',
      { hours: { zone: 'UTC', ceilings: [{ from: '20:00', to: '06:00', maxGpus: 8 }] } },
      'pools.cpu.hours.ceilings.0.maxGpus: a node of this pool has no GPUs',
    ],
    [
      'with leases of GPUs',
      { leases: { maxGpus: 8, maxHours: 2 } },
      'pools.cpu.leases.maxGpus: a node of this pool has no GPUs',
    ],
    ['with EFA', { efa: 1 }, 'pools.cpu.efa: the nodes of this pool have no GPUs'],
    ['that Kueue lends', { queue: 'cpu' }, 'pools.cpu.queue: the nodes of this pool have no GPUs'],
    ['with a disk that its system fills', { disk: 20 }, 'pools.cpu.disk: write at least 50'],
    [
      'of types with GPUs among others',
      { instanceType: undefined, instanceTypes: ['m7i.4xlarge', 'g6.2xlarge'] },
      'g6.2xlarge has 1 GPUs, not 0',
    ],
  ])('is refused %s', (_, pool, words) => {
    const config = withoutGpus({ pool })
    const cpu = config.pools['cpu'] as Record<string, unknown>
    for (const key of Object.keys(cpu)) if (cpu[key] === undefined) delete cpu[key]
    expect(problems(config).join('\n')).toContain(words)
  })

  it('has smaller disks, other ceilings by the hour, and leases, in nodes', () => {
    const hours = { zone: 'UTC', ceilings: [{ from: '20:00', to: '06:00', maxNodes: 8 }] }
    expect(problems(withoutGpus({ pool: { disk: 60, hours, leases: { maxNodes: 2, maxHours: 2 } } }))).toEqual([])
  })

  it('serves nothing', () => {
    const config = withoutGpus()
    Object.assign(config.services!['support-llama']!, { pool: 'cpu' })
    expect(problems(config).join('\n')).toContain(
      'services.support-llama.pool: a replica has GPUs, and the nodes of `cpu` have none: use a pool that has',
    )
  })

  it('is told on paper of a type that has some, and of none that nobody here knows', () => {
    const against = (pool: object) =>
      onPaper(parsePolicy(withoutGpus({ pool }))).filter(({ path }) => path.startsWith('pools.cpu'))
    expect(against({})).toEqual([])
    expect(against({ instanceType: 'g6.2xlarge' })).toMatchObject([
      { path: 'pools.cpu.gpusPerNode', why: 'g6.2xlarge has 1, and the pool is one without: write 1 and `maxGpus`' },
    ])
  })

  it('is told on paper where no stage of it fits, in nodes', () => {
    expect(onPaper(parsePolicy(withoutGpus({ pool: { maxNodes: 0 } })))).toContainEqual(
      expect.objectContaining({
        path: `${STAGE}.gpus`,
        why: '1 node is asked for and pools.cpu.maxNodes is 0: raise it, or ask for less',
      }),
    )
  })

  it('counts its nodes by no other name than a pool with GPUs does', () => {
    const config = withoutGpus()
    Object.assign(config.pools['gpu-train']!, { maxNodes: 2 })
    expect(problems(config).join('\n')).toContain(
      'pools.gpu-train.maxNodes: a node of this pool has GPUs, and those are counted: write `maxGpus`, nodes × GPUs of a node',
    )
    expect(CPU.maxNodes).toBe(2)
  })
})
