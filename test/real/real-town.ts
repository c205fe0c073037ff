import { setTimeout as pause } from 'node:timers/promises'
import { inject } from 'vitest'
import { emptyLane } from '../../core/lane.ts'
import { runName } from '../../core/names.ts'
import { type Policy, parsePolicy } from '../../core/policy.ts'
import type { AnswerRow, LaneRow, RunRow } from '../../core/rows.ts'
import { loadKubeconfig } from '../../effects/cluster/kubeconfig.ts'
import { openRequests, type Requests } from '../../effects/cluster/requests.ts'
import type { Ports } from '../../flows/ports.ts'
import { nodePoolObject } from '../../local/cluster/node-pool-object.ts'
import { openRealCluster } from '../../local/cluster/real-cluster.ts'
import { keepGoing } from '../../local/drive.ts'
import { type LocalHouse, openHouse } from '../../local/house.ts'
import { fixedPolicies } from '../../local/policies/file-policies.ts'
import { NODE_CLASS } from '../../local/rig/contents.ts'
import { fixedSecrets } from '../../local/secrets/local-secrets.ts'
import { openStores } from '../../local/stores.ts'
import example from '../../signalbox.config.ts'

export const ANA = 'T0SIGNAL/U0APPROVER'

/** A house in real time on the rig, with namespaces and pools of its own. */
export interface RealTown {
  house: LocalHouse
  policy: Policy
  requests: Requests
  lane(lane: string): Promise<LaneRow>
  run(lane: string): Promise<RunRow | null>
  until(what: string, done: () => Promise<boolean>, seconds?: number): Promise<void>
  settled(lane: string): Promise<LaneRow>
  answered(lane: string): Promise<void>
  close(): Promise<void>
}

let count = 0

/** The example's policy under names of its own, so that trials side by side share nothing. */
export const ownPolicy = (installation: string, namespace = installation): Policy => {
  const text = JSON.stringify({ ...example, installation, namespaces: { training: namespace, serving: namespace } })
  return parsePolicy(JSON.parse(text.replaceAll('"gpu-', `"${installation}-gpu-`)))
}

export const openRealTown = async ({
  policy = ownPolicy(`town-${process.pid}-${++count}`),
  minute = 100,
  server,
  wrap,
}: {
  policy?: Policy
  minute?: number
  /** In place of the rig's own address: a proxy of a test. */
  server?: string
  wrap?: (ports: Ports) => Ports
} = {}): Promise<RealTown> => {
  const config = loadKubeconfig({ file: inject('kubeconfig') })
  const requests = await openRequests(config)
  await furnish(requests, policy)
  const through = loadKubeconfig({ file: inject('kubeconfig') })
  if (server !== undefined) through.clusters = through.clusters.map((one) => ({ ...one, server }))
  const stores = openStores(null)
  const clock = { now: () => Date.now() }
  const house = await openHouse({
    stores,
    policies: fixedPolicies(policy),
    secrets: fixedSecrets({ 'mlflow-webhook': 'test', 'slack-signing': 'test-signing', token: 'test' }),
    clock,
    wrap,
    openCluster: ({ objects }) =>
      openRealCluster({
        config: through,
        clock,
        objects,
        installation: policy.installation,
        minute,
        onError: () => undefined,
      }),
    onError: () => undefined,
  })
  const stop = keepGoing(house, { speed: 1, onError: () => undefined })
  const ledger = house.ports.ledger
  const town: RealTown = {
    house,
    policy,
    requests,
    lane: async (lane) => (await ledger.read('lane', lane))?.value ?? emptyLane(lane),
    run: async (lane) => {
      const { generation, attempt } = await town.lane(lane)
      return (await ledger.read('run', runName(policy, { lane, generation, attempt })))?.value ?? null
    },
    until: async (what, done, seconds = 90) => {
      for (const end = Date.now() + seconds * 1000; Date.now() < end; await pause(50)) if (await done()) return
      const moments = await ledger.moments(null, { limit: 20 })
      throw new Error(
        `not in ${seconds} s: ${what}\n${moments.map(({ lane, text }) => `  ${lane}: ${text}`).join('\n')}`,
      )
    },
    settled: async (lane) => {
      await town.until(
        `${lane} has an outcome`,
        async () => !['wanted', 'idle'].includes((await town.lane(lane)).state),
      )
      return town.lane(lane)
    },
    answered: async (lane) => {
      const asking = async (): Promise<AnswerRow | null> => {
        const { holder } = await town.lane(lane)
        const run = holder === null ? null : await ledger.read('run', runName(policy, { lane, ...holder }))
        const answer = run?.value.answer ? await ledger.read('answer', run.value.answer) : null
        return answer?.value.state === 'open' && answer.value.card !== null ? answer.value : null
      }
      await town.until(`${lane} asks`, async () => (await asking()) !== null)
      const { id } = (await asking()) as AnswerRow
      const answer = await house.answer(id, { by: ANA, verdict: 'approve', reason: null })
      if (answer.status !== 200 || answer.body['refused'] !== undefined) throw new Error(JSON.stringify(answer))
    },
    close: async () => {
      await stop()
      await house.close()
      stores.close()
      await clear(requests, policy)
      await requests.close()
    },
  }
  return town
}

const furnish = async (requests: Requests, { namespaces, pools }: Policy): Promise<void> => {
  for (const name of new Set(Object.values(namespaces))) {
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
    await requests.send({ method: 'POST', path: '/api/v1/namespaces', body })
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'signalbox-serving' } }
    await requests.send({ method: 'POST', path: `/api/v1/namespaces/${name}/serviceaccounts`, body: account })
  }
  for (const [name, pool] of Object.entries(pools)) {
    const object = nodePoolObject({ name, ...pool })
    const spec = { ...object.spec, template: { ...object.spec?.template } }
    spec.template.spec = { ...spec.template.spec, nodeClassRef: { ...NODE_CLASS } }
    await requests.send({ method: 'POST', path: '/apis/karpenter.sh/v1/nodepools', body: { ...object, spec } })
  }
}

/** Pools go with their nodes; the namespace takes its objects along. */
const clear = async (requests: Requests, { namespaces, pools }: Policy): Promise<void> => {
  for (const name of new Set(Object.values(namespaces)))
    await requests.send({ method: 'DELETE', path: `/api/v1/namespaces/${name}` })
  for (const name of Object.keys(pools))
    await requests.send({ method: 'DELETE', path: `/apis/karpenter.sh/v1/nodepools/${name}` })
}
