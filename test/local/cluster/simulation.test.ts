import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { environmentOf, playedContainer, s3Location } from '../../../local/cluster/environment.ts'
import { ranges } from '../../../local/cluster/job-verdict.ts'
import { behaviourOf, parseSimulation } from '../../../local/cluster/simulation.ts'
import type { Pod } from '../../../local/cluster/wire.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text, 'utf8')
const parse = (value: unknown) => parseSimulation(bytes(JSON.stringify(value)))

const podWith = (env: object[]): Pod =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'run-x1', namespace: 'training', labels: { 'batch.kubernetes.io/job-name': 'run' } },
    spec: { containers: [{ name: 'side' }, { name: 'main', env }] },
  }) as Pod
const expanded = (env: object[]) => {
  const pod = podWith([{ name: 'INPUT_URI', value: 's3://data/in/' }, ...env])
  return environmentOf(pod, playedContainer(pod))
}

describe('simulation.json', () => {
  it('is read whole when everything in it is as described', () => {
    const given = {
      minutes: 12,
      exitCode: 1,
      reason: 'OOMKilled',
      imagePull: 'fail',
      logs: ['a'],
      result: null,
      message: true,
      metrics: { score: 0.5 },
      healthy: false,
      loadMinutes: 4,
      load: [
        [0, 2],
        [30, 12],
      ],
      nodeLost: true,
      tasks: { evaluate: { exitCode: 0 } },
    }
    expect(parse(given)).toEqual({ simulation: given, problems: [] })
  })

  it.each([
    [{ minutes: -1, healthy: false }, 'minutes'],
    [{ exitCode: 256, healthy: false }, 'exitCode'],
    [{ metrics: { score: 'high' }, healthy: false }, 'metrics'],
    [{ minuts: 3, healthy: false }, 'minuts'],
    [{ tasks: { evaluate: { logs: 'x' } }, healthy: false }, 'tasks.evaluate.logs'],
    [{ tasks: 7, healthy: false }, 'tasks'],
    [{ ranks: 7, healthy: false }, 'ranks'],
    [{ ranks: { '1': { logs: 'x' } }, healthy: false }, 'ranks.1.logs'],
  ])('with a bad field keeps the others and names it: %j', (given, named) => {
    const { simulation, problems } = parse(given)
    expect(simulation).toMatchObject({ healthy: false })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(`\`${named}\``)
  })

  it('that is anything at all never throws, and is then told to be left out or fully usable', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.json().map(bytes)), (given) => {
        const { simulation, problems } = parseSimulation(given)
        expect(parse(simulation)).toEqual({ simulation, problems: [] })
        expect(problems.every((line) => line.startsWith('simulation.json'))).toBe(true)
      }),
    )
  })

  it('may say something else for one task', () => {
    const { simulation } = parse({ minutes: 5, exitCode: 1, tasks: { evaluate: { exitCode: 0 } } })
    expect(behaviourOf(simulation, 'evaluate')).toEqual({ minutes: 5, exitCode: 0 })
    expect(behaviourOf(simulation, 'constructor')).toEqual({ minutes: 5, exitCode: 1 })
    const { simulation: gang } = parse({ tasks: { train: { minutes: 9 } }, ranks: { '1': { exitCode: 3 } } })
    expect(behaviourOf(gang, 'train', '1')).toEqual({ minutes: 9, exitCode: 3 })
    expect(['0', 'constructor'].map((rank) => behaviourOf(gang, 'train', rank))).toEqual([
      { minutes: 9 },
      { minutes: 9 },
    ])
  })
})

describe('the environment of a container', () => {
  it('expands earlier variables, leaves unknown and later ones, and reads `$$` as a dollar', () => {
    const env = [
      { name: 'BUCKET', value: 'results' },
      { name: 'URI', value: 's3://$(BUCKET)/$(LATER)/$$(BUCKET)/$x' },
      { name: 'LATER', value: 'late' },
    ]
    expect(expanded(env)).toMatchObject({ URI: 's3://results/$(LATER)/$(BUCKET)/$x', LATER: 'late' })
  })

  it('knows the pod’s own fields, which are not expanded again', () => {
    const fieldRef = (fieldPath: string) => ({ valueFrom: { fieldRef: { fieldPath } } })
    const env = [
      { name: 'JOB', ...fieldRef("metadata.labels['batch.kubernetes.io/job-name']") },
      { name: 'POD', ...fieldRef('metadata.name') },
      { name: 'NONE', ...fieldRef("metadata.annotations['none']") },
      { name: 'AT', value: '$(JOB)/$(POD)' },
    ]
    expect(expanded(env)).toMatchObject({ JOB: 'run', POD: 'run-x1', NONE: '', AT: 'run/run-x1' })
  })

  it.each([
    ['s3://bucket/a/b', { bucket: 'bucket', key: 'a/b' }],
    ['s3://bucket', { bucket: 'bucket', key: '' }],
    ['https://bucket/a', null],
    [undefined, null],
  ])('finds the bucket and key of %s', (uri, at) => {
    expect(s3Location(uri)).toEqual(at)
  })
})

describe('completed indexes', () => {
  it.each([
    [[], ''],
    [[3], '3'],
    [[2, 0, 1], '0-2'],
    [[0, 2, 3, 7, 7], '0,2-3,7'],
  ])('%j are told as %s', (indexes, told) => {
    expect(ranges(indexes)).toBe(told)
  })
})
