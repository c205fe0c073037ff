import { describe, expect, it } from 'vitest'
import { callerIdentities, callerNetworks } from '../../../core/bootstrap/callers.ts'
import type { Manifest } from '../../../core/bootstrap/manifest.ts'
import { mintName } from '../../../core/names.ts'
import { type Config, parsePolicy } from '../../../core/policy.ts'
import { engineOf } from '../../../core/workloads/engines.ts'
import { gateCheckJob } from '../../../core/workloads/gate-check.ts'
import { servingObjects } from '../../../core/workloads/serving.ts'
import config from '../../example.ts'

type Callers = NonNullable<NonNullable<Config['services']>[string]['callers']>
const [[key, service]] = Object.entries(config.services!) as [[string, NonNullable<Config['services']>[string]]]
const policyOf = (callers?: Callers, was?: string) => {
  const said = {
    ...service,
    ...(callers === undefined ? {} : { callers }),
    ...(was === undefined ? {} : { was, model: key }),
  }
  return parsePolicy({ ...config, services: { ...config.services, [key]: said } })
}
const CALLERS = [
  { namespace: 'web', serviceAccount: 'chat' },
  { namespace: 'web', serviceAccount: 'search' },
  { namespace: 'monitoring' },
]
interface Network {
  podSelector: { matchLabels: Record<string, string> }
  ingress: { from: { podSelector?: Network['podSelector']; namespaceSelector?: object }[]; ports: object[] }[]
}
const networkOf = (manifests: Manifest[]): Network => manifests[0]?.['spec'] as Network

/** Labels of a pod that serves, and of one that asks it. */
const podsOf = (policy: ReturnType<typeof policyOf>, lane: string) => {
  const rule = policy.services[key]!
  const name = mintName({ installation: policy.installation, cluster: policy.cluster, ledger: 'feedfacecafe' }, lane)
  const input = {
    identity: { installation: policy.installation, ledger: 'feedfacecafe', name },
    run: { lane, generation: 3, attempt: 1 },
    desired: {
      kind: 'serve' as const,
      model: key,
      version: '8',
      source: 's3://m/8/',
      runId: null,
      digest: 'd',
      requester: null,
    },
    ...{ stepName: 'gate', service: rule, namespace: 'serving', policy, engine: engineOf({}, rule) },
  }
  const labels = (template: { metadata?: { labels?: Record<string, string> } } | undefined) =>
    template?.metadata?.labels ?? {}
  return {
    server: labels(servingObjects(input).deployment.spec?.template),
    gate: labels(gateCheckJob(input).spec?.template),
  }
}
const selects = ({ matchLabels }: Network['podSelector'], labels: Record<string, string>): boolean =>
  Object.entries(matchLabels).every(([name, value]) => labels[name] === value)

describe('who may call a service', () => {
  it('is nothing of ours where the policy does not say so', () => {
    expect(callerNetworks(policyOf())).toEqual([])
    expect(callerIdentities(policyOf())).toEqual([])
  })

  it.each([undefined, 'old-name'])(
    'is about what serves of it, and lets in its gates and who is named: called %s',
    (was) => {
      const policy = policyOf(CALLERS, was)
      const { server, gate } = podsOf(policy, `service/${was ?? key}`)
      const { podSelector, ingress } = networkOf(callerNetworks(policy))
      expect([selects(podSelector, server), selects(podSelector, gate)]).toEqual([true, false])
      const [{ from, ports } = { from: [], ports: [] }] = ingress
      expect(from.filter((one) => one.podSelector && selects(one.podSelector, gate))).toHaveLength(1)
      expect(from.flatMap(({ namespaceSelector }) => namespaceSelector ?? [])).toEqual([
        { matchLabels: { 'kubernetes.io/metadata.name': 'web' } },
        { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } },
      ])
      expect(ports).toEqual([{ protocol: 'TCP', port: 'http' }])
      const others = podsOf(policy, 'service/other')
      expect(
        [others.server, others.gate].map((labels) =>
          from.some((one) => one.podSelector && selects(one.podSelector, labels)),
        ),
      ).toEqual([false, false])
    },
  )

  it('of nobody is its gates alone', () => {
    const policy = policyOf([])
    expect(networkOf(callerNetworks(policy)).ingress[0]?.from).toHaveLength(1)
    expect(callerIdentities(policy)).toMatchObject([
      { spec: { rules: [{ from: [{ source: { principals: ['*/ns/serving/sa/signalbox-gate'] } }] }] } },
    ])
  })

  it('by the mesh is told apart by accounts, on the documented paths', () => {
    const [made] = callerIdentities(policyOf(CALLERS))
    expect(made).toMatchObject({
      kind: 'AuthorizationPolicy',
      spec: {
        action: 'ALLOW',
        rules: [
          {
            from: [
              { source: { principals: ['*/ns/serving/sa/signalbox-gate'] } },
              { source: { principals: ['*/ns/web/sa/chat'] } },
              { source: { principals: ['*/ns/web/sa/search'] } },
              { source: { namespaces: ['monitoring'] } },
            ],
            to: [{ operation: { methods: ['GET', 'POST'], paths: ['/v1/*', '/health', '/metrics'] } }],
          },
        ],
      },
    })
  })

  it.each<[string, Callers, RegExp]>([
    ['twice', [{ namespace: 'web' }, { namespace: 'web' }], /callers: name each of them once/],
    ['as a pattern', [{ namespace: '*' }], /callers\.0\.namespace: write the name of a namespace/],
    ['by an odd account', [{ namespace: 'web', serviceAccount: 'a/b' }], /callers\.0\.serviceAccount: write the name/],
  ])('is refused on paper %s', (_, callers, why) => {
    expect(() => policyOf(callers)).toThrow(why)
  })

  it('changes nothing of what serves', () => {
    const lane = `service/${key}`
    expect(podsOf(policyOf(CALLERS), lane)).toEqual(podsOf(policyOf(), lane))
  })
})
