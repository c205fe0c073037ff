import { BatchV1Api, type V1Job } from '@kubernetes/client-node'
import type { KubeObject } from '../../core/kube.ts'
import { loadKubeconfig } from '../../effects/cluster/kubeconfig.ts'
import { openKubernetesCluster } from '../../effects/cluster/kubernetes-cluster.ts'
import { openPlace } from './place.ts'

const JOBS = 400
const WIDTH = 8
const ROUNDS = 3

const jobNamed = (name: string): KubeObject<'Job'> =>
  ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace: 'training' },
    spec: {
      suspend: true,
      template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'example.com/train' }] } },
    },
  }) as unknown as KubeObject<'Job'>

/** A Job created over loopback TLS: our client beside the library's defaults, interleaved, 8 at once. */
export const calls = async (): Promise<string[]> => {
  const place = await openPlace(1)
  const config = () => loadKubeconfig({ file: place.rig.kubeconfig })
  const ours = await openKubernetesCluster(config())
  const theirs = config().makeApiClient(BatchV1Api)
  let made = 0
  const rate = async (create: (job: KubeObject<'Job'>) => Promise<unknown>): Promise<number> => {
    const begun = performance.now()
    let left = JOBS
    const one = async (): Promise<void> => {
      while (left-- > 0) await create(jobNamed(`call-${made++}`))
    }
    await Promise.all(Array.from({ length: WIDTH }, one))
    return (JOBS / (performance.now() - begun)) * 1000
  }
  const own = async (job: KubeObject<'Job'>): Promise<void> => {
    const { kind } = await ours.create(job)
    if (kind !== 'created') throw new Error(kind)
  }
  const byDefault = (job: KubeObject<'Job'>): Promise<unknown> =>
    theirs.createNamespacedJob({ namespace: 'training', body: job as unknown as V1Job })
  await rate(own)
  await rate(byDefault)
  const [a, b]: [number[], number[]] = [[], []]
  let fresh = 0
  for (let round = 0; round < ROUNDS; round++) {
    const before = place.counted().connections
    a.push(await rate(own))
    fresh += place.counted().connections - before
    b.push(await rate(byDefault))
  }
  await ours.close()
  await place.close()
  const [own8, default8] = [mean(a), mean(b)]
  return [
    `Job created over TLS, 8 at once: ${own8.toFixed(0)} Jobs/s, the client library's defaults ${default8.toFixed(0)}: ${(own8 / default8).toFixed(1)}×; connections opened after warm-up: ${fresh}`,
  ]
}

const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
