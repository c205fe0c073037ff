import { subscribe } from 'node:diagnostics_channel'
import type { KubeObject } from '../../core/kube.ts'
import { parsePolicy } from '../../core/policy.ts'
import { loadKubeconfig } from '../../effects/cluster/kubeconfig.ts'
import { type KubernetesCluster, openKubernetesCluster } from '../../effects/cluster/kubernetes-cluster.ts'
import { openRequests, type Requests } from '../../effects/cluster/requests.ts'
import { openRealCluster } from '../../local/cluster/real-cluster.ts'
import { keepGoing } from '../../local/drive.ts'
import { type LocalHouse, openHouse } from '../../local/house.ts'
import { fixedPolicies } from '../../local/policies/file-policies.ts'
import { assets, cacheDir } from '../../local/rig/cache.ts'
import { type Rig, rigDown, rigUp } from '../../local/rig/rig.ts'
import { fixedSecrets } from '../../local/secrets/local-secrets.ts'
import { type Server, startServer } from '../../local/server/server.ts'
import { openStores } from '../../local/stores.ts'
import { policyOf } from '../town.ts'

/** The API server and etcd, the product on them behind its HTTP door, and a watch of what is made. */
export interface Place {
  rig: Rig
  house: LocalHouse
  server: Server
  requests: Requests
  /** Resolves with the moment (performance.now) at which the Job that `is` accepts is seen, also when it was before. */
  seen(is: (job: KubeObject) => boolean): Promise<number>
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
  const stores = openStores(null)
  const clock = { now: () => Date.now() }
  const house = await openHouse({
    stores,
    clock,
    policies: fixedPolicies(policy),
    secrets: fixedSecrets({ 'mlflow-webhook': 'a', 'slack-signing': 'b', token: 'c' }),
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
  const requests = await openRequests(config())
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

const watchJobs = async (outside: KubernetesCluster): Promise<Place['seen']> => {
  const jobs: { job: KubeObject; at: number }[] = []
  const waiting = new Set<{ is: (job: KubeObject) => boolean; resolve: (at: number) => void }>()
  await outside.watch({}, ({ type, object }) => {
    if (type !== 'ADDED') return
    const at = performance.now()
    jobs.push({ job: object, at })
    for (const one of waiting) {
      if (!one.is(object)) continue
      waiting.delete(one)
      one.resolve(at)
    }
  })
  return (is) => {
    const found = jobs.find(({ job }) => is(job))
    if (found !== undefined) return Promise.resolve(found.at)
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('a Job did not come within a minute')), 60_000)
      waiting.add({
        is,
        resolve: (at) => {
          clearTimeout(late)
          resolve(at)
        },
      })
    })
  }
}
