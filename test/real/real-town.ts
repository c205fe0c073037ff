import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { inject } from 'vitest'
import type { Manifest } from '../../core/bootstrap/manifest.ts'
import { bootstrapManifests } from '../../core/bootstrap/manifests.ts'
import type { KubeObject } from '../../core/kube.ts'
import { emptyLane } from '../../core/lane.ts'
import { label, runName } from '../../core/names.ts'
import { type Policy, parsePolicy } from '../../core/policy.ts'
import type { AnswerRow, LaneRow, RunRow } from '../../core/rows.ts'
import { loadKubeconfig } from '../../effects/cluster/kubeconfig.ts'
import { applyManifest, manifestPath } from '../../effects/cluster/manifests.ts'
import { openRequests, type Requests } from '../../effects/cluster/requests.ts'
import type { Ports, Registry } from '../../flows/ports.ts'
import { openRealCluster } from '../../local/cluster/real-cluster.ts'
import { clusterDoors, reconcileDoor } from '../../local/doors.ts'
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
  settled(lane: string, seconds?: number): Promise<LaneRow>
  answered(lane: string): Promise<void>
  reconcile(): Promise<void>
  close(): Promise<void>
}

/** The example's config under names of its own, so that trials side by side share nothing. */
export const ownConfig = (installation: string, overrides: object = {}): Record<string, unknown> => {
  const namespaces = { training: installation, serving: installation }
  const text = JSON.stringify({ ...example, installation, namespaces, ...overrides })
  return JSON.parse(text.replaceAll('"gpu-', `"${installation}-gpu-`)) as Record<string, unknown>
}

/** The same, as a policy. */
export const ownPolicy = (installation: string): Policy => parsePolicy(ownConfig(installation))

export const openRealTown = async ({
  policy = ownPolicy(`town-${randomBytes(4).toString('hex')}`),
  minute = 100,
  server,
  headers = {},
  wrap,
  registry,
  kubeconfig = inject('kubeconfig'),
}: {
  policy?: Policy
  minute?: number
  /** In place of the rig's own address: a proxy of a test. */
  server?: string
  headers?: Record<string, string>
  wrap?: (ports: Ports) => Ports
  registry?: Registry
  /** In place of the rig that all share. */
  kubeconfig?: string
} = {}): Promise<RealTown> => {
  const config = loadKubeconfig({ file: kubeconfig })
  const requests = await openRequests(config)
  await furnish(requests, policy)
  const through = loadKubeconfig({ file: kubeconfig })
  if (server !== undefined) through.clusters = through.clusters.map((one) => ({ ...one, server, skipTLSVerify: true }))
  const stores = openStores(null)
  const clock = { now: () => Date.now() }
  const troubles: string[] = []
  const onError = (what: unknown, error?: unknown): void =>
    void troubles.push([what, error ?? ''].map(String).join(' '))
  const house = await openHouse({
    stores,
    policies: fixedPolicies(policy),
    secrets: fixedSecrets({ 'mlflow-webhook': 'test', 'slack-signing': 'test-signing', token: 'test' }),
    clock,
    wrap,
    registry,
    openCluster: ({ objects }) =>
      openRealCluster({
        config: through,
        headers,
        clock,
        objects,
        installation: policy.installation,
        minute,
        onError,
      }),
    onError,
  })
  const stop = keepGoing(house, { speed: 1, onError })
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
      const moments = (await ledger.moments(null, { limit: 20 })).map(({ lane, text }) => `${lane}: ${text}`)
      const labels = { [label('installation')]: policy.installation }
      const pods = (await house.cluster.list('Pod', { labels }).catch(() => [])) as KubeObject<'Pod'>[]
      const seen = pods.map(
        ({ metadata, spec, status }) =>
          `pod ${metadata.name} on ${spec?.nodeName ?? 'no node'}: ${status?.phase} ${JSON.stringify(status?.conditions ?? [])}`,
      )
      throw new Error([`not in ${seconds} s: ${what}`, ...moments, ...seen, ...troubles.slice(-20)].join('\n  '))
    },
    // A scheduler that missed what made room looks at a pod again after five minutes; taken-away nodes take one and a half.
    settled: async (lane, seconds = 400) => {
      await town.until(
        `${lane} has an outcome`,
        async () => !['wanted', 'idle'].includes((await town.lane(lane)).state),
        seconds,
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
    reconcile: async () => void (await reconcileDoor(house.ports)()),
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

/** As `signalbox bootstrap --apply` does. */
export const furnish = async (requests: Requests, policy: Policy): Promise<void> => {
  for (const manifest of bootstrapManifests(policy, clusterDoors, NODE_CLASS)) {
    const { state, detail } = await applyManifest(requests, manifest)
    if (state === 'refused') throw new Error(`${manifest.kind} ${manifest.metadata.name}: ${detail.join()}`)
  }
}

/** Pools go with their nodes; the namespace takes its objects along. */
export const clear = async (requests: Requests, policy: Policy): Promise<void> => {
  const ends = (manifest: Manifest): boolean => manifest.metadata.namespace === undefined
  for (const manifest of bootstrapManifests(policy, clusterDoors).filter(ends))
    await requests.send({ method: 'DELETE', path: manifestPath(manifest) })
}
