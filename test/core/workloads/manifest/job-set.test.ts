import { describe, expect, it } from 'vitest'
import { jobSet } from '../../../../core/workloads/manifest/job-set.ts'

type Fields = Record<string, unknown>
const template = { spec: { containers: [{ name: 'x', image: 'x' }] } }
const of = (spec: Fields, job: Fields = {}, group: Fields = {}) =>
  jobSet.jobOf(
    {
      metadata: { name: 'llama' },
      spec: { replicatedJobs: [{ name: 'workers', template: { spec: { ...job, template } }, ...group }], ...spec },
    },
    'train',
  )
const GROUP = ['spec', 'replicatedJobs', 0]

describe('the Job that a JobSet comes to', () => {
  it('is the one of its only group, Indexed unless it says other', () => {
    const spec = { completions: 2, parallelism: 2 }
    expect(of({}, spec)).toEqual({
      at: [...GROUP, 'template'],
      spec: { ...spec, completionMode: 'Indexed', template },
    })
    expect(of({}, { ...spec, completionMode: 'NonIndexed' })).toMatchObject({ spec: { completionMode: 'NonIndexed' } })
  })

  it('of one pod is no Indexed one, and is told its index all the same', () => {
    for (const job of [{}, { completionMode: 'Indexed' }, { completions: 1, parallelism: 1 }]) {
      const found = of({}, job)
      expect(found).not.toHaveProperty('spec.completionMode')
      expect(found).toHaveProperty('spec.template.spec.containers.0.env', [
        { name: 'JOB_COMPLETION_INDEX', value: '0' },
      ])
    }
  })

  it('keeps the labels that its template says, for others to judge', () => {
    const metadata = { labels: { a: 'b' } }
    expect(of({}, {}, { template: { metadata, spec: { template } } })).toMatchObject({ metadata })
  })
})

describe('is none, by the place of what does not go', () => {
  it.each<[string, Fields, Fields, (string | number)[]]>([
    ['two groups', { replicatedJobs: [{}, {}] }, {}, ['spec', 'replicatedJobs']],
    ['two Jobs', {}, { replicas: 2 }, [...GROUP, 'replicas']],
    ['something before it', {}, { dependsOn: [{ name: 'x', status: 'Complete' }] }, [...GROUP, 'dependsOn']],
    ['no name', {}, { name: undefined }, [...GROUP, 'name']],
    ['restarts', { failurePolicy: { maxRestarts: 1 } }, {}, ['spec', 'failurePolicy', 'maxRestarts']],
    [
      'restarts in place',
      { failurePolicy: { restartStrategy: 'InPlaceRestart' } },
      {},
      ['spec', 'failurePolicy', 'restartStrategy'],
    ],
    [
      'a coordinator in another Job',
      { coordinator: { replicatedJob: 'workers', jobIndex: 1 } },
      {},
      ['spec', 'coordinator', 'jobIndex'],
    ],
    [
      'half a pod as one',
      { coordinator: { replicatedJob: 'workers', podIndex: 0.5 } },
      {},
      ['spec', 'coordinator', 'podIndex'],
    ],
    ['some other success', { successPolicy: { operator: 'None' } }, {}, ['spec', 'successPolicy', 'operator']],
    [
      'some other order',
      { startupPolicy: { startupPolicyOrder: 'x' } },
      {},
      ['spec', 'startupPolicy', 'startupPolicyOrder'],
    ],
    ['a key that every object has', { network: { constructor: 1 } }, {}, ['spec', 'network', 'constructor']],
    ['suspended', { suspend: true }, {}, ['spec', 'suspend']],
    ['no Job', {}, { template: undefined }, [...GROUP, 'template', 'spec']],
  ])('%s', (_, spec, group, path) => {
    expect(of(spec, {}, group)).toContainEqual({ path, message: expect.stringMatching(/./) })
  })
})
