import { expect, it } from 'vitest'
import { bootstrapManifests } from '../../../core/bootstrap/manifests.ts'
import { poolsOfPipeline } from '../../../core/policy/alternatives.ts'
import { onPaper } from '../../../core/policy/on-paper.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { clusterDoors } from '../../../local/doors.ts'
import { exampleWith, problemsOf } from '../training-fixture.ts'

const AT = 'pipelines.support-chats.alternatives'
const small = { pool: 'gpu-serve', gpus: 4, hours: { p50: 3, p95: 6 } }
const given = (alternatives: unknown) => exampleWith([AT, alternatives])
const one = (train: object) => given({ other: { stages: { train } } })

it('alternatives are other pools, and other GPUs with the hours that they take', () => {
  expect(problemsOf(one(small))).toEqual([])
  expect(problemsOf(one({ pool: 'gpu-serve' }))).toEqual([])
  const { pipelines } = parsePolicy(one({ pool: 'gpu-serve' }))
  expect([...poolsOfPipeline(pipelines['support-chats']!)]).toEqual(['gpu-train', 'gpu-serve'])
})

it.each<[string, unknown, string]>([
  ['no stage', { other: { stages: {} } }, `${AT}.other.stages: name at least one stage`],
  [
    'a stage that there is not',
    { other: { stages: { trian: small } } },
    `${AT}.other.stages.trian: there is no stage \`trian\`: it is one of train, evaluate`,
  ],
  [
    'nothing else',
    { other: { stages: { train: { hours: { p50: 1, p95: 2 } } } } },
    `${AT}.other.stages.train: say another \`pool\`, or other \`gpus\` with their \`hours\`: else it is the stage as it stands`,
  ],
  [
    'what the stage says',
    { other: { stages: { train: { pool: 'gpu-train' } } } },
    `${AT}.other.stages.train: the stage itself says that pool and as many GPUs: say others`,
  ],
  [
    'other GPUs for nobody knows how long',
    { other: { stages: { train: { gpus: 4 } } } },
    `${AT}.other.stages.train.hours: is missing: with other \`gpus\` a stage takes another time, which nobody but you knows`,
  ],
  [
    'a pool that there is not',
    { other: { stages: { train: { pool: 'gpu-trian' } } } },
    `${AT}.other.stages.train.pool: there is no pool \`gpu-trian\`: add it under pools, or did you mean \`gpu-train\`?`,
  ],
  [
    'that it waits for a pool that is as high at all times',
    { other: { stages: { train: small }, whenOpens: true } },
    `${AT}.other.whenOpens: no pool of it has \`hours\` in force, so none ever opens: leave it out, or say hours of gpu-serve or gpu-train`,
  ],
  [
    'the name of the default',
    { default: { stages: { train: small } } },
    `${AT}: \`default\` is what the stages say: call it otherwise`,
  ],
  [
    'more than people can be shown',
    Object.fromEntries(Array.from({ length: 7 }, (_, n) => [`a${n}`, { stages: { train: small } }])),
    `${AT}: write at most 6: a card shows the two best of them`,
  ],
])('an alternative that says %s is told what to write', (_, alternatives, problem) => {
  expect(problemsOf(given(alternatives))).toEqual([expect.stringContaining(problem)])
})

it('one that can never run is said on paper, and keeps the lane from nothing', () => {
  expect(onPaper(parsePolicy(one({ pool: 'gpu-serve' })))).toEqual([
    {
      path: `${AT}.other.stages.train`,
      why: expect.stringContaining('a node of gpu-serve has 4 GPUs, not 8'),
      lanes: [],
    },
  ])
})

it('where an alternative may run no node is moved for being little used, as where a stage runs', () => {
  const moves = (policy: object) => {
    const made = bootstrapManifests(parsePolicy(policy), clusterDoors)
    const pool = made.find(({ kind, metadata }) => kind === 'NodePool' && metadata.name === 'gpu-serve')
    return JSON.stringify(pool).match(/"nodes":"(.)","reasons":\["Drifted"/)?.[1]
  }
  const served = ['services.code-llama', undefined] as const
  const offered = exampleWith(served, [AT, { other: { stages: { train: small } } }])
  expect([moves(exampleWith(served)), moves(offered)]).toEqual(['1', '0'])
})
