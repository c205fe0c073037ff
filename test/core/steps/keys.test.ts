import { describe, expect, it } from 'vitest'
import { digestOf } from '../../../core/digest.ts'
import type { LaunchJobStep, Step } from '../../../core/plan.ts'
import { type Config, parsePolicy } from '../../../core/policy.ts'
import { carriedSteps, jobKeys, keptAs, keptSteps, readsOf, stepKeys } from '../../../core/steps/keys.ts'
import { objectDigest } from '../../../core/workloads/object-digest.ts'
import { stagesOf } from '../../variants.ts'
import { desired, exampleConfig, trainPlan } from '../training-fixture.ts'

const LANE = 'pipeline/support-chats'
const keysOf = (over: Parameters<typeof trainPlan>[0] = {}) => stepKeys(trainPlan(over))
type Pipeline = NonNullable<Config['pipelines']>[string]
const policyWith = (
  change: (stages: ReturnType<typeof stagesOf<Pipeline['stages'][number]>>, whole: Pipeline) => void,
) => {
  const config: Config = exampleConfig()
  const whole = config.pipelines!['support-chats']!
  change(stagesOf(whole), whole)
  return parsePolicy(config)
}
/** Names of the steps whose keys differ from those of the example's plan. */
const changedBy = (over: Parameters<typeof trainPlan>[0]): string[] => {
  const [before, after] = [keysOf(), keysOf(over)]
  return Object.keys(before).filter((name) => before[name] !== after[name])
}

describe('the key of a step', () => {
  it('is one for each step, short and of hex digits', () => {
    expect(Object.keys(keysOf())).toEqual(['train', 'evaluate', 'judge-evaluate', 'register', 'notify'])
    for (const key of Object.values(keysOf())) expect(key).toMatch(/^[0-9a-f]{16}$/)
    expect(new Set(Object.values(keysOf())).size).toBe(5)
  })

  it('does not name the attempt, nor the generation: the same work has the same key', () => {
    for (const run of [
      { lane: LANE, generation: 1, attempt: 9 },
      { lane: LANE, generation: 7, attempt: 2 },
    ])
      expect(keysOf({ run })).toEqual(keysOf())
  })

  it('does not name who asked, nor does what an approval binds: that may be proven only later (laws 7 and 8)', () => {
    const proven = { desired: { ...desired, requester: 'T0SIGNAL/U0APPROVER', proven: true as const } }
    expect(keysOf(proven)).toEqual(keysOf())
    const [now, before] = [trainPlan(proven), trainPlan()]
    expect(now.effects).toEqual(before.effects)
    for (const [index, step] of now.steps.entries())
      if (step.kind === 'launch-job') expect(step).toEqual(before.steps[index])
  })

  it('changes with what the step does, and with it those of all that read it, and no others', () => {
    expect(changedBy({ desired: { ...desired, version: 'cd'.repeat(32) } })).toEqual([
      'train',
      'evaluate',
      'judge-evaluate',
      'register',
      'notify',
    ])
    const trains = policyWith(({ train }) => {
      train.args = ['--epochs=9']
    })
    expect(changedBy({ policy: trains })).toEqual(['train', 'evaluate', 'judge-evaluate', 'register'])
    const evaluates = policyWith(({ evaluate }) => {
      evaluate.image = `other@sha256:${'0'.repeat(64)}`
    })
    expect(changedBy({ policy: evaluates })).toEqual(['evaluate', 'judge-evaluate'])
    const judges = policyWith(({ evaluate }) => {
      evaluate.gates = [{ metric: 'score', op: '>=', value: 0.1 }]
    })
    expect(changedBy({ policy: judges })).toEqual(['judge-evaluate'])
    const registers = policyWith((_, whole) => {
      whole.register = { model: 'other' }
    })
    expect(changedBy({ policy: registers })).toEqual(['register', 'notify'])
  })

  it('is what planning asks of a Job before its step is there', () => {
    const [train, evaluate] = trainPlan().steps as [LaunchJobStep, LaunchJobStep]
    const keys = keysOf()
    const trained = jobKeys(train.job, [])
    expect(trained.key).toBe(keys['train'])
    expect(jobKeys(evaluate.job, [trained]).key).toBe(keys['evaluate'])
  })

  it('does not change with how long a step may take, when its turn is, and what follows a failure: an approval binds that too', () => {
    const longer = policyWith(({ train, evaluate }) => {
      train.hours = { p50: 0.05, p95: 0.1 }
      evaluate.hours = { p50: 2, p95: 9 }
      evaluate.pod = {
        terminationGracePeriodSeconds: 30,
        imagePullSecrets: [{ name: 'registry' }],
        tolerations: [{ key: 'spot', operator: 'Exists' }],
        schedulerName: 'ours',
        containers: [{ name: 'evaluate', imagePullPolicy: 'Always' }],
      }
    })
    const pools = { ...longer.pools, 'gpu-train': { ...longer.pools['gpu-train']!, queue: 'gpu' } }
    expect(changedBy({ policy: { ...longer, pools } })).toEqual([])
    const [before, after] = [trainPlan(), trainPlan({ policy: { ...longer, pools } })]
    expect(after.digest).not.toBe(before.digest)
    const elsewhere = policyWith(({ evaluate }) => {
      evaluate.pod = { nodeSelector: { zone: 'a' } }
    })
    expect(changedBy({ policy: elsewhere })).toEqual(['evaluate', 'judge-evaluate'])
  })

  it('of a move of a rollout is its objects, its replicas and its place', () => {
    const ref = { kind: 'Deployment' as const, namespace: 'serving', name: 'm-g2' }
    const move = (over: Partial<Extract<Step, { kind: 'roll-out-model' }>> = {}): Step => ({
      kind: 'roll-out-model',
      brings: 2,
      name: 'move-1',
      title: '',
      why: '',
      objects: [],
      replicas: [{ ref, generation: 2, replicas: 1, replicasReady: 1 }],
      point: { old: 0, new: 1 },
      loadMinutes: 15,
      ...over,
    })
    const key = (step: Step) => stepKeys({ steps: [step] })[step.name]
    expect(key(move({ title: 'told otherwise', loadMinutes: 3 }))).toBe(key(move()))
    const others = [
      move({ name: 'move-2' }),
      move({ replicas: [{ ref, generation: 2, replicas: 2, replicasReady: 1 }] }),
      move({ objects: [{ apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { clusterIP: 'None' } }] }),
    ]
    expect(new Set([move(), ...others].map(key)).size).toBe(4)
  })
})

it('a step reads what it judges, registers or is given, and nothing else', () => {
  expect(trainPlan().steps.map((step) => [step.name, readsOf(step)])).toEqual([
    ['train', []],
    ['evaluate', ['train']],
    ['judge-evaluate', ['evaluate']],
    ['register', ['train']],
    ['notify', []],
  ])
})

describe('what was kept of a plan’s steps', () => {
  const plan = trainPlan()
  const [train, evaluate] = plan.steps as [LaunchJobStep, LaunchJobStep]
  /** As they were made before: of all that a Job says. */
  const keyOnce = ({ job }: LaunchJobStep, reads: string[]) =>
    digestOf({ effect: objectDigest(job), reads }).slice(0, 16)
  const row = { row: 'g1a1/train' } as never
  const rows = (keys: string[]) => Object.fromEntries(keys.map((key) => [key, row]))
  const of = (...keys: string[]) => Object.keys(keptSteps(plan, rows(keys)))

  it('is carried over, but for what was made from something that is there no more', () => {
    const keys = stepKeys(plan)
    const carriedOf = (...names: string[]) => [...carriedSteps(plan, rows(names.map((name) => keys[name] ?? '')))]
    expect(carriedOf('train', 'evaluate')).toEqual(['train', 'evaluate'])
    expect(carriedOf('train')).toEqual(['train'])
    expect(carriedOf('evaluate')).toEqual([])
  })

  it('is known by their keys, and by those that earlier releases gave them', () => {
    const { key, earlier } = jobKeys(train.job, [])
    expect(earlier).toBe(keyOnce(train, []))
    expect(key).not.toBe(earlier)
    expect([of(key), of(earlier), of('0'.repeat(16))]).toEqual([['train'], ['train'], []])
    expect(of(keyOnce(evaluate, [earlier]))).toEqual(['evaluate'])
    expect(keptSteps(plan, {})).toEqual({})
    expect([keptAs({ [earlier]: row }, { key, earlier }), keptAs({}, { key: 'toString', earlier })]).toEqual([
      row,
      undefined,
    ])
  })
})
