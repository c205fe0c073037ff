import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { profilesOf } from '../../../core/money/mig-profiles.ts'
import { onPaper } from '../../../core/policy/on-paper.ts'
import { sliceOf } from '../../../core/policy/sharing.ts'
import { documentOf, type PolicyError, parsePolicy } from '../../../core/policy.ts'
import { sharing } from '../../sharing.ts'

const problems = (config: unknown): string[] => {
  try {
    parsePolicy(config)
    return []
  } catch (error) {
    return (error as PolicyError).problems
  }
}

const turns = (pool: object) => sharing({}, { turns: pool })
const parts = (pool: object) => sharing({}, { parts: pool })
const staged = (stage: object) => {
  const config = sharing()
  const rule = config.pipelines!['support-chats']!
  const stages = [{ ...rule.stages[0]!, pool: 'turns', gpus: 1, ...stage }, ...rule.stages.slice(1)]
  return { ...config, pipelines: { ...config.pipelines, 'support-chats': { ...rule, stages } } }
}

describe('what is refused as it is read', () => {
  it.each<[string, unknown, RegExp]>([
    ['a turn alone', turns({ sharing: { by: 'time-slicing', replicas: 1 } }), /replicas: write 2 or more/],
    ['turns of nobody knows how many', turns({ sharing: { by: 'time-slicing' } }), /replicas: is missing/],
    [
      'turns by a profile',
      turns({ sharing: { by: 'time-slicing', replicas: 2, profile: '1g.10gb' } }),
      /MIG alone has/,
    ],
    [
      'a profile of nothing',
      parts({ sharing: { by: 'mig' } }),
      /profile: is missing: a GPU of p5.48xlarge has 1g.10gb/,
    ],
    [
      'a profile of another GPU',
      parts({ sharing: { by: 'mig', profile: '1g.5gb' } }),
      /has no such profile: write one of/,
    ],
    ['parts and turns', parts({ sharing: { by: 'mig', profile: '1g.10gb', replicas: 2 } }), /said by its profile/],
    [
      'parts of an L40S',
      turns({ sharing: { by: 'mig', profile: '1g.10gb' } }),
      /no MIG profiles of g6e.12xlarge are known/,
    ],
    [
      'two GPUs of one pool',
      parts({
        instanceType: undefined,
        instanceTypes: ['p5.48xlarge', 'p4d.24xlarge'],
        sharing: { by: 'mig', profile: '1g.10gb' },
      }),
      /different numbers of it a GPU \(7, 4\)/,
    ],
    ['no GPUs', turns({ gpusPerNode: 0 }), /sharing: the nodes of this pool have no GPUs/],
    [
      'a ceiling in GPUs',
      turns({ maxNodes: undefined, maxGpus: 4 }),
      /maxGpus: .*GPUs that are shared, and nodes are counted/,
    ],
    ['no ceiling', turns({ maxNodes: undefined }), /maxNodes: is missing/],
    ['leases in GPUs', turns({ leases: { maxGpus: 4, maxHours: 2 } }), /leases.maxGpus: .*nodes are counted/],
    ['EFA', turns({ efa: 1 }), /efa: EFA is told to gangs of whole GPUs alone/],
    ['Kueue', turns({ queue: 'gpus' }), /queue: Kueue lends whole GPUs/],
    [
      'tensor parallelism over turns',
      sharing({ s: { gpusPerReplica: 2 } }),
      /gpusPerReplica: a replica has one slice of `turns`: several turns/,
    ],
    [
      'and over parts',
      sharing({ s: { pool: 'parts', gpusPerReplica: 2 } }),
      /one slice of `parts`: parts of GPUs by MIG are joined by nothing/,
    ],
    ['training on several', staged({ gpus: 4 }), /stages.0.gpus: a stage has one slice of `turns`/],
    ['a gang', staged({ nodes: 2 }), /stages.0.nodes: a gang has whole nodes/],
    [
      'none of them',
      staged({ gpus: 0, use: undefined, name: 'prep', command: ['python3', 'prep.py'] }),
      /nodes of `turns` have GPUs/,
    ],
    [
      'MIG by Bottlerocket',
      sharing({}, { nodes: { ami: 'bottlerocket@v1.62.0', role: 'nodes' } }),
      /pools.parts.sharing.by: Bottlerocket/,
    ],
  ])('%s', (_, config, message) => expect(problems(config)).toEqual([expect.stringMatching(message)]))

  it('and nothing of one slice each', () => {
    expect(problems(sharing({ a: {}, b: { pool: 'parts', engine: 'sglang' } }))).toEqual([])
    expect(problems(staged({}))).toEqual([])
  })
})

const SGLANG = `lmsysorg/sglang@sha256:${'a'.repeat(64)}`

describe('what could never work is told on paper', () => {
  const said = (services: Record<string, object>, pools = {}): string[] =>
    onPaper(parsePolicy(sharing(services, pools))).map(({ path, why }) => `${path}: ${why}`)

  it.each<[string, Record<string, object>, RegExp]>([
    [
      'more than a turn has',
      { s: { gpuMemory: 12 } },
      /gpuMemory: it asks for 12 GiB of memory, and a slice of turns has 11/,
    ],
    ['more than a part has', { s: { pool: 'parts', gpuMemory: 11 } }, /and a slice of parts has 10/],
    [
      'more than a GPU has',
      { s: { pool: 'gpu-serve', gpusPerReplica: 2, gpuMemory: 45 } },
      /and a GPU of gpu-serve has 44/,
    ],
    [
      'an engine that takes what it finds',
      { s: { engine: 'sglang' } },
      /engine: SGLang takes a part of whatever memory it finds free/,
    ],
    ['another share', { s: { args: ['--gpu_memory_utilization=0.9'] } }, /args.0: 4 pods have a GPU of turns in turn/],
    ['by a beginning of the flag', { s: { args: ['--gpu-memory', '0.9'] } }, /vLLM is told its share/],
    [
      'more replicas than slices',
      { s: { replicas: 17 } },
      /17 slices are asked for and pools.turns.maxNodes is 1, which have 16 slices: raise it/,
    ],
    [
      'together more than slices',
      { s: { replicas: 9 }, t: { alias: 'other', replicas: 9 } },
      /^pools.turns.maxNodes: its services take 18 slices together/,
    ],
    ['no second version', { s: { replicas: 16 } }, /its 16 replicas fill turns: .*raise pools.turns.maxNodes to 2/],
  ])('%s', (_, services, message) => expect(said(services)).toContainEqual(expect.stringMatching(message)))

  it('and nothing of what has room: memory that fits, an engine with a part of its own, its own share of that', () => {
    expect(said({ s: { gpuMemory: 11 } })).toEqual([])
    expect(said({ s: { pool: 'parts', engine: 'sglang', image: SGLANG, gpuMemory: 10 } })).toEqual([])
    expect(said({ s: { pool: 'parts', args: ['--gpu-memory-utilization=0.8'] } })).toEqual([])
  })
})

const written = fc.oneof(
  fc
    .integer({ min: 2, max: 32 })
    .map((replicas) => ({ instanceType: 'g6e.12xlarge', gpusPerNode: 4, sharing: { by: 'time-slicing', replicas } })),
  fc
    .constantFrom('p4d.24xlarge', 'p4de.24xlarge', 'p5.48xlarge', 'p5e.48xlarge', 'p6-b200.48xlarge')
    .chain((instanceType) =>
      fc
        .constantFrom(...Object.keys(profilesOf(instanceType) ?? {}))
        .map((profile) => ({ instanceType, gpusPerNode: 8, sharing: { by: 'mig', profile } })),
    ),
)
const most = fc.integer({ min: 0, max: 50 })

it('counts slices, and keeps what was written: so many nodes of so many GPUs, to the byte', () =>
  fc.assert(
    fc.property(written, most, most, (pool, maxNodes, night) => {
      const hours = { zone: 'UTC', ceilings: [{ from: '20:00', to: '06:00', maxNodes: night }] }
      const leases = { maxNodes: 3, maxHours: 2 }
      const policy = parsePolicy(turns({ ...pool, maxNodes, hours, leases }))
      const { turns: counted } = policy.pools
      const slice = sliceOf(counted!)!
      const perNode = pool.gpusPerNode * slice.perGpu
      expect(counted).toMatchObject({ counts: slice.resource, gpusPerNode: perNode, maxGpus: maxNodes * perNode })
      expect(counted).toMatchObject({
        hours: { ceilings: [{ maxGpus: night * perNode }] },
        leases: { maxGpus: 3 * perNode },
      })
      expect(documentOf(policy).pools['turns']).toMatchObject({ ...pool, maxNodes, hours, leases })
      expect(parsePolicy(JSON.parse(JSON.stringify(documentOf(policy))))).toEqual(policy)
    }),
  ))
