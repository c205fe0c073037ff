import { subscribe } from 'node:diagnostics_channel'
import { EventEmitter, once } from 'node:events'
import { bootstrapManifests } from '../../core/bootstrap/manifests.ts'
import { label, laneLabel } from '../../core/names.ts'
import { parsePolicy } from '../../core/policy.ts'
import { loadKubeconfig } from '../../effects/cluster/kubeconfig.ts'
import { type KubernetesCluster, openKubernetesCluster } from '../../effects/cluster/kubernetes-cluster.ts'
import { applyManifest } from '../../effects/cluster/manifests.ts'
import { openRequests, type Requests } from '../../effects/cluster/requests.ts'
import { openRealCluster } from '../../local/cluster/real-cluster.ts'
import { keepGoing } from '../../local/drive.ts'
import { type LocalHouse, openHouse } from '../../local/house.ts'
import { fixedPolicies } from '../../local/policies/file-policies.ts'
import { assets, cacheDir } from '../../local/rig/cache.ts'
import { type Rig, rigDown, rigUp } from '../../local/rig/rig.ts'
import { type Server, startServer } from '../../local/server/server.ts'
import { openStores } from '../../local/stores.ts'
import { policyOf, secrets } from '../town.ts'

/** The API server and etcd, the product on them behind its HTTP door, and a watch of what is made. */
export interface Place {
  rig: Rig
  house: LocalHouse
  server: Server
  requests: Requests
  /** Resolves with the moment (performance.now) at which the lane's Job is seen, the nth; also when it was before. */
  seen(lane: string, nth?: number): Promise<number>
  /** Requests and connections of this process to the API server until now. */
  counted(): { requests: number; connections: number }
  close(): Promise<void>
}

const traffic = { requests: new Map<string, number>(), connections: new Map<string, number>() }
const add = (counts: Map<string, number>, origin: string): void =>
  void counts.set(origin, (counts.get(origin) ?? 0) + 1)
subscribe('undici:request:create', (message) => {
  add(traffic.requests, String((message as { request: { origin: unknown } }).request.origin))
})
subscribe('undici:client:connected', (message) => {
  const { protocol, host } = (message as { connectParams: { protocol: string; host: string } }).connectParams
  add(traffic.connections, `${protocol}//${host}`)
})

/** `datasets` named `d-0`…: nobody is asked, and there is room for all. */
export const openPlace = async (datasets: number): Promise<Place> => {
  const rig = await rigUp({
    name: `bench-${process.pid}`,
    cacheDir,
    assets,
    owner: process.pid,
    bare: true,
    log: (line) => console.error(line),
  })
  const config = () => loadKubeconfig({ file: rig.kubeconfig })
  const policy = parsePolicy(policyOf(datasets))
  const requests = await openRequests(config())
  // The markers alone: who acts here.
  for (const manifest of bootstrapManifests(policy, []).filter(({ kind }) => kind === 'ConfigMap'))
    await applyManifest(requests, manifest)
  const stores = openStores(null)
  const clock = { now: () => Date.now() }
  const house = await openHouse({
    stores,
    clock,
    policies: fixedPolicies(policy),
    secrets,
    openCluster: ({ objects }) =>
      openRealCluster({
        config: config(),
        clock,
        objects,
        installation: policy.installation,
        namespaces: [...new Set(Object.values(policy.namespaces))],
        minute: 1000,
        onError: console.error,
      }),
  })
  // Uploads come as events here, through the door that is measured.
  const stop = keepGoing({ ...house, scanUploads: async () => undefined }, { speed: 1, onError: console.error })
  const server = await startServer({ house, port: 0, version: 'bench' })
  const outside = await openKubernetesCluster(config(), { watched: ['Job'] })
  return {
    rig,
    house,
    server,
    requests,
    seen: await watchJobs(outside),
    counted: () => ({
      requests: traffic.requests.get(rig.server) ?? 0,
      connections: traffic.connections.get(rig.server) ?? 0,
    }),
    close: async () => {
      await server.close()
      await stop()
      await house.close()
      await outside.close()
      await requests.close()
      stores.close()
      await rigDown(rig)
    },
  }
}

/** By the lane's label, or by name where a Job has none: thousands of Jobs must not make looking for one dearer. */
const watchJobs = async (outside: KubernetesCluster): Promise<Place['seen']> => {
  const made = new Map<string, { at: number[]; told: EventEmitter }>()
  const madeOf = (key: string) => {
    const known = made.get(key) ?? { at: [], told: new EventEmitter() }
    made.set(key, known)
    return known
  }
  await outside.watch({}, ({ type, object: { metadata } }) => {
    if (type !== 'ADDED') return
    const { at, told } = madeOf(metadata.labels?.[label('lane')] ?? metadata.name)
    at.push(performance.now())
    told.emit(String(at.length))
  })
  return async (lane, nth = 1) => {
    const { at, told } = madeOf(laneLabel(lane))
    if (at.length < nth)
      await once(told, String(nth), { signal: AbortSignal.timeout(60_000) }).catch(() => {
        throw new Error(`no Job of ${lane} came within a minute`)
      })
    return at[nth - 1] as number
  }
}
