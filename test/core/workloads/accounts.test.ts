import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { podAccounts } from '../../../core/workloads/accounts.ts'
import { engineOf } from '../../../core/workloads/engines.ts'
import { gateCheckJob } from '../../../core/workloads/gate-check.ts'
import { servingObjects } from '../../../core/workloads/serving.ts'
import { stageJob } from '../../../core/workloads/stage-job.ts'
import { exampleConfig, trainInput } from '../training-fixture.ts'

const ofExample = (namespaces: { training: string; serving: string }) => {
  const policy = parsePolicy({ ...exampleConfig(), namespaces })
  const training = trainInput({ policy })
  const { stages } = policy.pipelines['support-chats']!
  const service = policy.services['support-llama']!
  const serving = {
    identity: training.identity,
    run: { lane: 'service/support-llama', generation: 1, attempt: 1 },
    desired: {
      kind: 'serve' as const,
      model: 'support-llama',
      version: '1',
      source: 's3://acme-results/results/x/adapter',
      runId: null,
      digest: 'd',
      requester: null,
    },
    service,
    engine: engineOf({}, service),
    namespace: namespaces.serving,
  }
  return {
    accounts: podAccounts(policy).map(({ name, namespace }) => `${namespace}/${name}`),
    training: stages.map((stage) => stageJob({ ...training, stage, preset: null, model: null, reads: {} })),
    gate: gateCheckJob({ ...serving, stepName: 'gate', policy }),
    server: servingObjects(serving).deployment,
  }
}
const accountOf = ({ metadata, spec }: KubeObject<'Job'> | KubeObject<'Deployment'>): string =>
  `${metadata.namespace}/${spec?.template.spec?.serviceAccountName}`

describe('the accounts that pods run as', () => {
  it.each([
    ['namespaces of their own', { training: 'train', serving: 'serve' }],
    ['one namespace', { training: 'ml', serving: 'ml' }],
  ])(
    'in %s: three, and each pod names that of its kind, where it runs: no server has one that may write',
    (_, namespaces) => {
      const { accounts, training, gate, server } = ofExample(namespaces)
      const [trains, serves] = [`${namespaces.training}/signalbox-training`, `${namespaces.serving}/signalbox-serving`]
      const asks = `${namespaces.serving}/signalbox-gate`
      expect(accounts).toEqual([trains, serves, asks])
      expect(training.map(accountOf)).toEqual([trains, trains])
      expect([accountOf(gate), accountOf(server)]).toEqual([asks, serves])
    },
  )

  it('no pod has a token of Kubernetes for it', () => {
    const { training, gate, server } = ofExample({ training: 'train', serving: 'serve' })
    for (const { spec } of [...training, gate, server])
      expect(spec?.template.spec?.automountServiceAccountToken).toBe(false)
  })
})
