import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { inject } from 'vitest'
import type { Manifest } from '../../core/bootstrap/manifest.ts'
import { bootstrapManifests } from '../../core/bootstrap/manifests.ts'
import type { KubeObject } from '../../core/kube.ts'
import { emptyDocument, sameRun } from '../../core/lane/document.ts'
import { stateOf } from '../../core/lane/lane-state.ts'
import type { Question } from '../../core/lane/question.ts'
import { label } from '../../core/names.ts'
import { type Policy, parsePolicy } from '../../core/policy.ts'
import { pastId } from '../../core/rows.ts'
import { loadKubeconfig } from '../../effects/cluster/kubeconfig.ts'
import { applyManifest, manifestPath } from '../../effects/cluster/manifests.ts'
import { openRequests, type Requests } from '../../effects/cluster/requests.ts'
import { laneNames } from '../../flows/lanes.ts'
import type { Ports } from '../../flows/ports.ts'
import type { Registry } from '../../flows/registry-port.ts'
import { readRow } from '../../flows/rows.ts'
import { openRealCluster } from '../../local/cluster/real-cluster.ts'
import { clusterDoors, resyncDoor } from '../../local/doors.ts'
import { keepGoing } from '../../local/drive.ts'
import { type LocalHouse, openHouse } from '../../local/house.ts'
import { fixedPolicies } from '../../local/policies/file-policies.ts'
import { NODE_CLASS } from '../../local/rig/contents.ts'
import { fixedSecrets } from '../../local/secrets/local-secrets.ts'
import { openStores } from '../../local/stores.ts'
import example from '../example.ts'
import type { SeenLane, SeenRun, Town } from '../journeys/town.ts'

export const ANA = 'T0SIGNAL/U0APPROVER'

/** A house in real time on the rig, with namespaces and pools of its own. */
export interface RealTown extends Pick<Town, 'lane' | 'run' | 'past' | 'question' | 'held'> {
  house: LocalHouse
  policy: Policy
  requests: Requests
  until(what: string, done: () => Promise<boolean>, seconds?: number): Promise<void>
  /** Until the lane's wanted attempt has an outcome, and nothing is under way. */
  settled(lane: string, seconds?: number): Promise<SeenLane>
  /** Until the lane asks, and Ana approves. */
  answered(lane: string): Promise<void>
  resync(): Promise<unknown>
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
  adopt,
  kubeconfig = inject('kubeconfig'),
}: {
  policy?: Policy
  minute?: number
  /** In place of the rig's own address: a proxy of a test. */
  server?: string
  headers?: Record<string, string>
  wrap?: (ports: Ports) => Ports
  registry?: Registry
  /** Takes the place of the ledger that its namespaces name. */
  adopt?: boolean
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
    secrets: fixedSecrets({
      'mlflow-webhook': 'test',
      'alert-webhook': 'test-alerts',
      'slack-signing': 'test-signing',
      token: 'test',
    }),
    clock,
    wrap,
    registry,
    adopt,
    openCluster: ({ objects }) =>
      openRealCluster({
        config: through,
        headers,
        clock,
        objects,
        installation: policy.installation,
        namespaces: [...new Set(Object.values(policy.namespaces))],
        minute,
        onError,
      }),
    onError,
  })
  const stop = keepGoing(house, { speed: 1, onError })
  const ledger = house.ports.ledger
  const town: RealTown = {
    ...readersOf(house, policy),
    house,
    policy,
    requests,
    until: async (what, done, seconds = 180) => {
      for (const end = Date.now() + seconds * 1000; Date.now() < end; await pause(50)) if (await done()) return
      const moments = (await ledger.moments(null, { limit: 20 })).map(({ lane, text }) => `${lane}: ${text}`)
      const rests = await Promise.all((await laneNames(ledger)).map((lane) => house.why(lane)))
      const whys = rests.map(({ lane, why, text }) => `why ${lane}: ${why}: ${text}`)
      const labels = { [label('installation')]: policy.installation }
      const pods = (await house.cluster.list('Pod', { labels }).catch(() => [])) as KubeObject<'Pod'>[]
      const seen = pods.map(
        ({ metadata, spec, status }) =>
          `pod ${metadata.name} on ${spec?.nodeName ?? 'no node'}: ${status?.phase} ${JSON.stringify(status?.conditions ?? [])}`,
      )
      throw new Error(
        [`not in ${seconds} s: ${what}`, ...whys, ...moments, ...seen, ...troubles.slice(-20)].join('\n  '),
      )
    },
    // A scheduler that missed what made room looks at a pod again after five minutes; taken-away nodes take one and a half.
    settled: async (lane, seconds = 400) => {
      await town.until(
        `${lane} has an outcome`,
        async () => {
          const { state, run } = await town.lane(lane)
          return run === null && state !== 'wanted' && state !== 'idle'
        },
        seconds,
      )
      return town.lane(lane)
    },
    answered: async (lane) => {
      await town.until(`${lane} asks`, async () => (await town.question(lane)) !== null)
      const { id } = (await town.question(lane)) as Question
      const answer = await house.answer(id, { by: ANA, verdict: 'approve', reason: null })
      if (answer.status !== 200 || answer.body['refused'] !== undefined) throw new Error(JSON.stringify(answer))
    },
    resync: resyncDoor(house.ports),
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

const readersOf = (
  { ports: { ledger } }: LocalHouse,
  policy: Policy,
): Pick<RealTown, 'lane' | 'run' | 'past' | 'question' | 'held'> => {
  const document = async (lane: string) => (await readRow(ledger, 'lane', lane))?.value ?? emptyDocument(policy, lane)
  return {
    lane: async (lane) => {
      const doc = await document(lane)
      return { ...doc, state: stateOf(doc) }
    },
    run: async (lane, generation, attempt): Promise<SeenRun | null> => {
      const doc = await document(lane)
      const wanted = { generation: generation ?? doc.generation, attempt: attempt ?? doc.attempt }
      if (doc.run !== null && sameRun(doc.run, wanted)) return { ...doc.run, outcome: null, cost: 0 }
      const past = (await readRow(ledger, 'past', pastId(lane, wanted)))?.value
      return past === undefined ? null : { ...past.run, outcome: past.outcome, cost: past.cost }
    },
    past: async (lane) => (await ledger.list('past', { prefix: `${lane}#`, limit: 1000 })).map(({ value }) => value),
    question: async (lane) => {
      const question = (await document(lane)).run?.question ?? null
      return question?.state === 'open' ? question : null
    },
    held: async (room) => ({
      lanes: Object.fromEntries(
        (await ledger.list('hold', { prefix: `${room}#` })).map(({ value }) => [value.lane, value.amount]),
      ),
      sum: (await readRow(ledger, 'sum', room))?.value.n ?? 0,
    }),
  }
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

/** A Job that starts no pod. */
export const idleJob = (metadata: KubeObject['metadata']): KubeObject =>
  ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata,
    spec: {
      suspend: true,
      template: {
        spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: `x@sha256:${'a'.repeat(64)}` }] },
      },
    },
  }) as KubeObject
