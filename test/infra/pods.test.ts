import type { Stack } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { describe, expect, it } from 'vitest'
import { mintName, runOnceName } from '../../core/names.ts'
import config from '../../signalbox.config.ts'
import { piped } from '../variants.ts'
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

const READ_RESULTS = ['s3:GetObject on arn:aws:s3:::acme-results/*', 's3:ListBucket on arn:aws:s3:::acme-results']

describe('who pods are in AWS', () => {
  it('each account of ours has a role of its own, and nobody else', () => {
    expect(example.associations.map(({ RoleArn, ...rest }) => ({ ...rest, role: example.read(RoleArn) }))).toEqual([
      {
        ClusterName: 'ml-prod',
        Namespace: 'training',
        ServiceAccount: 'signalbox-training',
        role: 'arn:aws:iam::111122223333:role/signalbox-training-pods-eu-central-1',
      },
      {
        ClusterName: 'ml-prod',
        Namespace: 'serving',
        ServiceAccount: 'signalbox-serving',
        role: 'arn:aws:iam::111122223333:role/signalbox-serving-pods-eu-central-1',
      },
    ])
    expect(example.roles).toHaveLength(2)
    for (const { ManagedPolicyArns } of example.roles) expect(ManagedPolicyArns).toBeUndefined()
  })

  it.each(['training', 'serving'])('EKS alone takes the role of %s, for that account of this cluster', (kind) => {
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
      'aws:RequestTag/kubernetes-namespace': kind,
      'aws:RequestTag/kubernetes-service-account': `signalbox-${kind}`,
    })
  })

  it('training reads datasets and results, and writes below the names of its Jobs', () => {
    expect(allowedTo(example, 'training')).toEqual(
      [
        's3:GetObject on arn:aws:s3:::acme-datasets/*',
        's3:GetObjectVersion on arn:aws:s3:::acme-datasets/*',
        's3:ListBucket on arn:aws:s3:::acme-datasets',
        's3:PutObject on arn:aws:s3:::acme-results/results/pipeline-*',
        ...READ_RESULTS,
      ].sort(),
    )
  })

  it('serving reads results, and writes what a gate has measured and nothing else', () => {
    expect(allowedTo(example, 'serving')).toEqual(
      ['s3:PutObject on arn:aws:s3:::acme-results/results/service-*/result.json', ...READ_RESULTS].sort(),
    )
  })

  it.each([
    ['training', 'pipeline/support-chats', 'train'],
    ['training', 'pipeline/support-chats', 'evaluate'],
    ['training', `pipeline/${'-'.repeat(40)}`, 'train'],
    ['serving', 'service/support-llama', 'gate'],
    ['serving', 'service/Ünïcode', 'gate'],
  ])('%s may write the result of a Job of %s, step %s; the other may not', (kind, lane, step) => {
    const name = mintName({ installation: 'signalbox', cluster: 'ml-prod' }, lane)
    const job = runOnceName({ name }, { generation: 12, attempt: 3 }, step)
    const result = `s3:PutObject on arn:aws:s3:::acme-results/results/${job}/result.json`
    const covers = (right: string): boolean => new RegExp(`^${right.replaceAll('*', '.*')}$`).test(result)
    const writes = (who: string): boolean => allowedTo(example, who).some(covers)
    expect(['training', 'serving'].filter(writes)).toEqual([kind])
  })
})

describe('whatever the policy says', () => {
  it('one namespace for both has two associations, told apart by their accounts', () => {
    const { associations } = accessOf('pods-together', { ...config, namespaces: { training: 'ml', serving: 'ml' } })
    expect(associations.map(({ Namespace, ServiceAccount }) => `${Namespace}/${ServiceAccount}`)).toEqual([
      'ml/signalbox-training',
      'ml/signalbox-serving',
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
    expect(rights).toContain('s3:PutObject on arn:aws:s3:::out/a/b/pipeline-*')
  })
})
