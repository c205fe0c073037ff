import type { Stack } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { describe, expect, it } from 'vitest'
import { mintName, runOnceName } from '../../core/names.ts'
import config from '../example.ts'
import { piped, stagesOf } from '../variants.ts'
import { type Statement as Allowing, isAllowed } from './allowed.ts'
import { synth } from './synth.ts'
import { readerOf, type Written } from './written.ts'

interface Statement {
  Effect: string
  Action: string | string[]
  Resource: unknown
}
interface Role {
  RoleName: string
  AssumeRolePolicyDocument: { Statement: (Statement & { Principal: unknown; Condition: { StringEquals: object } })[] }
  Policies: { PolicyDocument: { Statement: Statement[] } }[]
  ManagedPolicyArns?: unknown
}
interface Association {
  ClusterName: string
  Namespace: string
  ServiceAccount: string
  DisableSessionTags?: boolean
  RoleArn: unknown
}

const accessOf = (name: string, policy: unknown) => {
  const { stacks } = synth(name, policy)
  const written = (stack: Stack): Written => Template.fromStack(stack).toJSON() as Written
  const access = written(stacks.access)
  const reader = readerOf([access, written(stacks.control)])
  const ofType = <T>(type: string): T[] =>
    Object.values(access.Resources).flatMap(({ Type, Properties }) => (Type === type ? [Properties as T] : []))
  return {
    read: (value: unknown) => reader(access, value),
    roles: ofType<Role>('AWS::IAM::Role'),
    associations: ofType<Association>('AWS::EKS::PodIdentityAssociation'),
  }
}
const example = accessOf('pods', config)
const roleOf = ({ roles }: typeof example, kind: string): Role =>
  roles.find(({ RoleName }) => RoleName === `signalbox-${kind}-pods-eu-central-1`) as Role

/** Each action on each resource; a statement with anything besides these is none that we know. */
const allowedTo = (of: typeof example, kind: string): string[] =>
  roleOf(of, kind)
    .Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
    .flatMap(({ Effect, Action, Resource, ...more }) => {
      expect({ Effect, ...more }).toEqual({ Effect: 'Allow' })
      const on = [Resource].flat().map(of.read)
      return [Action].flat().flatMap((action) => on.map((arn) => `${action} on ${arn}`))
    })
    .sort()

/** The statements of a kind of pods, as IAM reads them. */
const statementsOf = (of: typeof example, kind: string): Allowing[] =>
  roleOf(of, kind)
    .Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
    .map(({ Action, Resource }) => ({ actions: [Action].flat(), resources: [Resource].flat().map(of.read) }))

const READ_RESULTS = [
  's3:GetObject on arn:aws:s3:::acme-results/*',
  's3:GetObjectVersion on arn:aws:s3:::acme-results/*',
  's3:ListBucket on arn:aws:s3:::acme-results',
]
const KINDS = ['training', 'serving', 'gate']
const OWN = 'arn:aws:s3:::acme-results/results/${aws:PrincipalTag/kubernetes-pod-name}'

describe('who pods are in AWS', () => {
  it('each account of ours has a role of its own, and nobody else; the name of its pod is in each session', () => {
    const expected = KINDS.map((kind) => ({
      ClusterName: 'ml-prod',
      Namespace: kind === 'training' ? 'training' : 'serving',
      ServiceAccount: `signalbox-${kind}`,
      DisableSessionTags: false,
      role: `arn:aws:iam::111122223333:role/signalbox-${kind}-pods-eu-central-1`,
    }))
    expect(example.associations.map(({ RoleArn, ...rest }) => ({ ...rest, role: example.read(RoleArn) }))).toEqual(
      expected,
    )
    expect(example.roles).toHaveLength(3)
    for (const { ManagedPolicyArns } of example.roles) expect(ManagedPolicyArns).toBeUndefined()
  })

  it.each(KINDS)('EKS alone takes the role of %s, for that account of this cluster', (kind) => {
    const [statement, ...more] = roleOf(example, kind).AssumeRolePolicyDocument.Statement
    expect(more).toEqual([])
    const { Condition, ...rest } = statement!
    expect(rest).toEqual({
      Effect: 'Allow',
      Principal: { Service: 'pods.eks.amazonaws.com' },
      Action: ['sts:AssumeRole', 'sts:TagSession'],
    })
    expect(Object.keys(Condition)).toEqual(['StringEquals'])
    const named = Object.entries(Condition.StringEquals).map(([key, value]) => [key, example.read(value)])
    expect(Object.fromEntries(named)).toEqual({
      'aws:RequestTag/eks-cluster-arn': 'arn:aws:eks:eu-central-1:111122223333:cluster/ml-prod',
      'aws:RequestTag/kubernetes-namespace': kind === 'training' ? 'training' : 'serving',
      'aws:RequestTag/kubernetes-service-account': `signalbox-${kind}`,
    })
  })

  it('training reads datasets and results, and a pod of it writes below its own name', () => {
    expect(allowedTo(example, 'training')).toEqual(
      [
        's3:GetObject on arn:aws:s3:::acme-datasets/*',
        's3:GetObjectVersion on arn:aws:s3:::acme-datasets/*',
        's3:ListBucket on arn:aws:s3:::acme-datasets',
        `s3:PutObject on ${OWN}/*`,
        ...READ_RESULTS,
      ].sort(),
    )
  })

  it('where a stage measures drift, training leaves reports of it where they are heard of, and nothing else there', () => {
    const reports = { bucket: 'acme-datasets', prefix: 'monitors/llama/' }
    const { train } = stagesOf(piped())
    const { name: _, use: __, model: ___, args: ____, ...rest } = train
    const monitor = {
      ...{ ...rest, use: 'drift-monitor', runner: { inputs: [] } },
      env: { REPORTS: 's3://acme-datasets/monitors/llama/' },
    }
    const watched = accessOf('monitors', {
      ...config,
      runner: { image: `acme/runner@sha256:${'ab'.repeat(32)}` },
      pipelines: { ...config.pipelines, watch: { on: { hand: true }, stages: [monitor] } },
      services: { ...config.services, 'support-llama': { ...config.services?.['support-llama'], drift: { reports } } },
    })
    const added = allowedTo(watched, 'training').filter((one) => !allowedTo(example, 'training').includes(one))
    expect(added).toEqual(['s3:PutObject on arn:aws:s3:::acme-datasets/monitors/llama/*/drift.json'])
    for (const kind of ['serving', 'gate']) expect(allowedTo(watched, kind)).toEqual(allowedTo(example, kind))
  })

  it('a server reads weights and writes nothing; a check reads them, and writes what it has measured', () => {
    expect(allowedTo(example, 'serving')).toEqual(READ_RESULTS)
    expect(allowedTo(example, 'gate')).toEqual([`s3:PutObject on ${OWN}/result.json`, ...READ_RESULTS].sort())
  })
})

describe('what a pod may write, as IAM judges it', () => {
  const jobOf = (lane: string, step: string, attempt = 3): string => {
    const name = mintName({ installation: 'signalbox', cluster: 'ml-prod' }, lane)
    return runOnceName({ name }, { generation: 12, attempt }, step)
  }
  const chats = jobOf('pipeline/support-chats', 'train')
  const gate = jobOf('service/support-llama', 'gate')
  const pods = { training: `${chats}-x7k2p`, gate: `${gate}-b2c4d`, serving: 'service-support-llama-g1-5d8f-abcde' }
  const writes = (kind: keyof typeof pods, key: string, tags?: Record<string, string>): boolean =>
    isAllowed(statementsOf(example, kind), {
      action: 's3:PutObject',
      on: `arn:aws:s3:::acme-results/results/${key}`,
      tags: tags ?? { 'kubernetes-pod-name': pods[kind], 'kubernetes-namespace': 'training' },
    })

  it('its own result and what it makes beside it', () => {
    expect(writes('training', `${pods.training}/result.json`)).toBe(true)
    expect(writes('training', `${pods.training}/adapter/adapter_model.safetensors`)).toBe(true)
    expect(writes('gate', `${pods.gate}/result.json`)).toBe(true)
    expect(writes('gate', `${pods.gate}/weights.bin`)).toBe(false)
  })

  it.each([
    ['another pod of its own Job', `${chats}-aaaaa`],
    ['the next attempt of its lane', `${jobOf('pipeline/support-chats', 'train', 4)}-x7k2p`],
    ['the evaluation of what it makes', `${jobOf('pipeline/support-chats', 'evaluate')}-x7k2p`],
    ['a training of another lane', `${jobOf('pipeline/other', 'train')}-x7k2p`],
    ['a check of a service', pods.gate],
    ['its Job, as an earlier release had it', chats],
    ['a name that begins with its own', `${pods.training}x`],
    ['anything below another’s name', `${chats}-aaaaa/adapter/${pods.training}`],
    ['anybody, by stars', '*'],
  ])('not what belongs to %s', (_, folder) => {
    for (const file of ['result.json', 'adapter/adapter_model.safetensors'])
      expect(writes('training', `${folder}/${file}`)).toBe(false)
  })

  it('a server nothing at all, under whatever name', () => {
    for (const name of [...Object.values(pods), chats, gate])
      for (const tag of [...Object.values(pods), '*'])
        expect(writes('serving', `${name}/result.json`, { 'kubernetes-pod-name': tag })).toBe(false)
  })

  it('nobody anything where the session does not say which pod asks, or says stars', () => {
    for (const kind of ['training', 'gate'] as const) {
      for (const key of ['result.json', '/result.json', `${pods[kind]}/result.json`])
        expect(writes(kind, key, { 'kubernetes-namespace': 'training' })).toBe(false)
      expect(writes(kind, `${pods[kind]}/result.json`, { 'kubernetes-pod-name': '*' })).toBe(false)
    }
  })
})

describe('whatever the policy says', () => {
  it('one namespace for both has three associations, told apart by their accounts', () => {
    const { associations } = accessOf('pods-together', { ...config, namespaces: { training: 'ml', serving: 'ml' } })
    expect(associations.map(({ Namespace, ServiceAccount }) => `${Namespace}/${ServiceAccount}`)).toEqual([
      'ml/signalbox-training',
      'ml/signalbox-serving',
      'ml/signalbox-gate',
    ])
  })

  it('rights follow its buckets and its prefix', () => {
    const other = accessOf('pods-other', {
      ...config,
      results: { bucket: 'out', prefix: 'a/b/' },
      pipelines: { one: piped({ bucket: 'in-1' }), two: piped({ bucket: 'in-2' }) },
    })
    const rights = allowedTo(other, 'training')
    expect(rights.filter((right) => /GetObject /.test(right))).toEqual(
      ['in-1/*', 'in-2/*', 'out/*'].map((on) => `s3:GetObject on arn:aws:s3:::${on}`),
    )
    expect(rights).toContain('s3:PutObject on arn:aws:s3:::out/a/b/${aws:PrincipalTag/kubernetes-pod-name}/*')
  })

  it('serving reads the folders of S3 that weights may come from, and of their buckets nothing else', () => {
    const sources = [
      's3://acme-models/llama/',
      's3://acme-models/qwen/',
      's3://acme-results/models/',
      'hf://meta-llama/',
    ]
    const other = accessOf('pods-sources', { ...config, sources })
    expect(allowedTo(other, 'serving').filter((right) => right.includes('acme-models'))).toEqual([
      's3:GetObject on arn:aws:s3:::acme-models/llama/*',
      's3:GetObject on arn:aws:s3:::acme-models/qwen/*',
      's3:ListBucket on arn:aws:s3:::acme-models',
    ])
    expect(allowedTo(other, 'training').filter((right) => right.includes('acme-models'))).toEqual([])
  })

  it('training reads them too where pipelines run on versions of models', () => {
    const { on: _, register: __, ...scan } = piped()
    const pipelines = { ...config.pipelines, scan: { ...scan, on: { version: { model: 'support-llama' } } } }
    const other = accessOf('pods-versions', { ...config, pipelines, sources: ['s3://acme-models/llama/'] })
    expect(allowedTo(other, 'training').filter((right) => right.includes('acme-models'))).toEqual([
      's3:GetObject on arn:aws:s3:::acme-models/llama/*',
      's3:ListBucket on arn:aws:s3:::acme-models',
    ])
  })

  it('as many folders as a policy may name are no longer than IAM takes', () => {
    const sources = Array.from({ length: 69 }, (_, n) => `s3://acme-models-${n}/${'a'.repeat(60)}/`)
    const many = accessOf('pods-many', { ...config, sources })
    const [{ PolicyDocument } = { PolicyDocument: { Statement: [] } }] = roleOf(many, 'serving').Policies
    const written = PolicyDocument.Statement.map((one) => ({ ...one, Resource: [one.Resource].flat().map(many.read) }))
    const { length } = JSON.stringify({ Version: '2012-10-17', Statement: written })
    expect(length).toBeLessThanOrEqual(10_240)
    expect(length).toBeGreaterThan(8_500)
  })
})
