import { type EKSClient, ResourceNotFoundException } from '@aws-sdk/client-eks'
import { describe, expect, it } from 'vitest'
import { eksFindings } from '../../../effects/aws/eks-checks.ts'

const ARN = 'arn:aws:eks:eu-central-1:111122223333:cluster/ml-prod'
const role = (of: string): string => `arn:aws:iam::111122223333:role/signalbox-${of}-eu-central-1`
/** What is deployed and well, as EKS says it of each command; a key is what the command names last. */
const WELL: Record<string, object> = {
  'cluster ml-prod': { arn: ARN, status: 'ACTIVE', version: '1.36', accessConfig: { authenticationMode: 'API' } },
  'addon eks-pod-identity-agent': { status: 'ACTIVE', addonVersion: 'v1.3.10' },
  [`accessEntry ${role('reconcile')}`]: { kubernetesGroups: ['signalbox:signalbox:reconcile'] },
  [`accessEntry ${role('watch')}`]: { kubernetesGroups: ['signalbox:signalbox:watch'] },
  'association ml-training/signalbox-training': { roleArn: role('training-pods'), disableSessionTags: false },
  'association ml-serving/signalbox-serving': { roleArn: role('serving-pods') },
  'association ml-serving/signalbox-gate': { roleArn: role('gate-pods') },
}

/** EKS with what is there: commands are answered, or refused, as its reference says. */
const eksWith = (there: Record<string, object | undefined>): EKSClient => {
  const get = (what: string, named: string): object => {
    const found = there[`${what} ${named}`]
    if (found instanceof Error) throw found
    if (found !== undefined) return { [what]: found }
    throw new ResourceNotFoundException({ $metadata: {}, message: `no ${what} ${named}` })
  }
  const answers: Record<string, (input: Record<string, string>) => object> = {
    DescribeClusterCommand: ({ name = '' }) => get('cluster', name),
    DescribeAddonCommand: ({ addonName = '' }) => get('addon', addonName),
    DescribeAccessEntryCommand: ({ principalArn = '' }) => get('accessEntry', principalArn),
    ListPodIdentityAssociationsCommand: ({ namespace, serviceAccount }) => {
      const associationId = `${namespace}/${serviceAccount}`
      return { associations: there[`association ${associationId}`] === undefined ? [] : [{ associationId }] }
    },
    DescribePodIdentityAssociationCommand: ({ associationId = '' }) => get('association', associationId),
  }
  return {
    send: async (command: { input: Record<string, string> }) => answers[command.constructor.name]!(command.input),
  } as unknown as EKSClient
}

const look = async (changed: Record<string, object | undefined> = {}) => {
  const place = { region: 'eu-central-1', installation: 'signalbox', cluster: 'ml-prod', doors: ['reconcile', 'watch'] }
  const namespaces = { training: 'ml-training', serving: 'ml-serving' }
  const findings = await eksFindings({ ...place, namespaces }, eksWith({ ...WELL, ...changed }))
  return Object.fromEntries(findings.map(({ check, ok, detail }) => [check, ok ? 'ok' : detail]))
}

const ALL = ['cluster', 'pod identity agent', 'access entry of reconcile', 'access entry of watch'].concat(
  ['training/signalbox-training', 'serving/signalbox-serving', 'serving/signalbox-gate'].map(
    (of) => `role of ml-${of}`,
  ),
)

describe('what doors and pods need of EKS', () => {
  it('is well when each part is there', async () => {
    expect(await look()).toEqual(Object.fromEntries(ALL.map((check) => [check, 'ok'])))
  })

  const agent = 'addon eks-pod-identity-agent'
  const entry = `accessEntry ${role('watch')}`
  const pods = 'association ml-training/signalbox-training'
  const auto = { ...WELL['cluster ml-prod'], computeConfig: { enabled: true } }
  it.each<[string, Record<string, object | undefined>, Record<string, RegExp>]>([
    [
      'the agent’s add-on is forgotten',
      { [agent]: undefined },
      {
        'pod identity agent': /^the cluster has no add-on.*create-addon --cluster-name ml-prod --addon-name eks-pod-id/,
      },
    ],
    [
      'the add-on is at fault',
      { [agent]: { status: 'DEGRADED', health: { issues: [{ code: 'AccessDenied', message: 'no right' }] } } },
      { 'pod identity agent': /^the add-on eks-pod-identity-agent is DEGRADED, AccessDenied: no right: / },
    ],
    ['Auto Mode has the agent built in', { [agent]: undefined, 'cluster ml-prod': auto }, {}],
    [
      'with Auto Mode too, an add-on that is there must work',
      { [agent]: { status: 'CREATE_FAILED' }, 'cluster ml-prod': auto },
      { 'pod identity agent': /is CREATE_FAILED/ },
    ],
    [
      'a door has no access entry',
      { [entry]: undefined },
      {
        'access entry of watch': new RegExp(
          `^the cluster does not know its role: .*npm run deploy.*create-access-entry --cluster-name ml-prod --principal-arn ${role('watch')} --kubernetes-groups signalbox:signalbox:watch`,
        ),
      },
    ],
    [
      'a door’s entry leads to another door’s group',
      { [entry]: { kubernetesGroups: ['signalbox:signalbox:tick'] } },
      {
        'access entry of watch':
          /^its role is in the groups signalbox:signalbox:tick, and not in signalbox:signalbox:watch/,
      },
    ],
    [
      'a door’s entry leads to one more group',
      { [entry]: { kubernetesGroups: ['signalbox:signalbox:watch', 'admins'] } },
      { 'access entry of watch': /^its role is in the groups signalbox:signalbox:watch, admins, and not/ },
    ],
    ['a door’s entry leads nowhere', { [entry]: {} }, { 'access entry of watch': /^its role is in the groups none/ }],
    [
      'an account of pods has no role',
      { [pods]: undefined },
      {
        'role of ml-training/signalbox-training': new RegExp(
          `^no role is associated.*create-pod-identity-association --cluster-name ml-prod --namespace ml-training --service-account signalbox-training --role-arn ${role('training-pods')}`,
        ),
      },
    ],
    [
      'an account of pods has another role',
      { [pods]: { roleArn: role('gate-pods') } },
      {
        'role of ml-training/signalbox-training':
          /gives it arn:aws:iam::111122223333:role\/signalbox-gate-pods\S* instead/,
      },
    ],
    [
      'a role of pods leads on to one of another account',
      { [pods]: { roleArn: role('training-pods'), targetRoleArn: 'arn:aws:iam::444455556666:role/x' } },
      { 'role of ml-training/signalbox-training': /gives it arn:aws:iam::444455556666:role\/x instead/ },
    ],
    [
      'nobody says which pod writes',
      { [pods]: { roleArn: role('training-pods'), disableSessionTags: true } },
      { 'role of ml-training/signalbox-training': /has its session's tags disabled: / },
    ],
    [
      'the cluster takes no access entries',
      { 'cluster ml-prod': { arn: ARN, status: 'ACTIVE' } },
      { cluster: /^ml-prod authenticates by CONFIG_MAP alone: / },
    ],
  ])('%s: that alone is said, with what to do', async (_, changed, said) => {
    const wrong = Object.entries(await look(changed)).filter(([, detail]) => detail !== 'ok')
    expect(Object.fromEntries(wrong)).toEqual(
      Object.fromEntries(Object.entries(said).map(([check, pattern]) => [check, expect.stringMatching(pattern)])),
    )
  })

  it('of a cluster that is not there nothing more is said', async () => {
    expect(await look({ 'cluster ml-prod': undefined })).toEqual({
      cluster: expect.stringMatching(/^ResourceNotFoundException: .*`cluster` of the policy must name an active one/),
    })
  })

  it('what may not be looked at is no part that is missing: the refusal stands there', async () => {
    const denied = Object.assign(new Error('no eks:DescribeAccessEntry'), { name: 'AccessDeniedException' })
    expect((await look({ [entry]: denied }))['access entry of watch']).toMatch(
      /^AccessDeniedException: no eks:DescribeAccessEntry: /,
    )
  })
})
