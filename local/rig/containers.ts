import { setTimeout as pause } from 'node:timers/promises'
import type { KubeObject } from '../../core/kube.ts'
import { label } from '../../core/names.ts'
import { objectPath } from '../../effects/cluster/paths.ts'
import type { Requests } from '../../effects/cluster/requests.ts'
import type { Clock, Cluster } from '../../flows/ports.ts'
import { environmentOf, playedContainer } from '../cluster/environment.ts'
import { type Program, programOf, readSimulation } from '../cluster/program.ts'
import type { SimulatedOptions } from '../cluster/simulated-cluster.ts'
import { hasEnded, isStopping, type Pod, wireTime } from '../cluster/wire.ts'

export interface ContainersOptions {
  cluster: Cluster
  requests: Requests
  objects: SimulatedOptions['objects']
  installation: string
  /** Containers of other namespaces are none of ours. */
  namespaces: readonly string[]
  clock: Clock
  /** Real milliseconds of one minute of a container's life. */
  minute: number
  onError: (what: string, error: unknown) => void
}

/**
 * Plays the containers of Jobs on kwok's nodes, which have no kubelet: each reads the `simulation.json` beside its input,
 * writes its `result.json` where it is told, below its own name, and ends as that says. Pods of other nodes are left alone. What serves is up as soon as kwok
 * says so; lost nodes, slow loading and images that cannot be pulled are played by the simulated cluster alone.
 */
export const playContainers = async (options: ContainersOptions): Promise<{ stop(): void }> => {
  const { cluster, installation, namespaces, onError } = options
  const stopped = new AbortController()
  const { signal } = stopped
  const labels = { [label('installation')]: installation }
  /** As a kubelet does: an API server that is away makes it wait, and it forgets nothing. */
  const insist = async <T>(pod: Pod, act: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await act()
      } catch (error) {
        if (!signal.aborted) onError(`playing pod ${pod.metadata.name}`, error)
      }
      await pause(AGAIN, undefined, { signal })
    }
  }
  const play = async (pod: Pod): Promise<void> => {
    const program = await insist(pod, () => programFor(options, pod))
    await pause(((program.endsAfter ?? 0) / 60_000) * options.minute, undefined, { signal })
    await insist(pod, () => end(options, pod, program))
  }
  const seen = new Set<string>()
  const look = (object: KubeObject): void => {
    const pod = object as Pod
    const uid = pod.metadata.uid ?? ''
    if (seen.has(uid) || !isPlayable(pod)) return
    seen.add(uid)
    // Rejects only when it is stopped.
    play(pod).catch(() => undefined)
  }
  const watching = await cluster.watch({ labels, namespaces }, ({ type, object }) => {
    if (object.kind === 'Pod' && type !== 'DELETED') look(object)
  })
  // Those that ran before somebody was here to play them.
  for (const namespace of namespaces) for (const pod of await cluster.list('Pod', { labels, namespace })) look(pod)
  return {
    stop: () => {
      watching.stop()
      stopped.abort()
    },
  }
}

/** Between two tries of what failed. Milliseconds. */
const AGAIN = 1000

/** A Job's container that runs, and that kwok does not end. Readiness says nothing: a node that was silent for a while loses it. */
const isPlayable = (pod: Pod): boolean =>
  pod.metadata.ownerReferences?.[0]?.kind === 'Job' &&
  pod.status?.phase === 'Running' &&
  !isStopping(pod) &&
  environmentOf(pod, playedContainer(pod))['SIGNALBOX_TASK'] !== undefined

const programFor = async ({ objects }: ContainersOptions, pod: Pod): Promise<Program> =>
  programOf({ pod, job: null, parsed: await readSimulation(objects, pod), first: false })

/** What it made and its result first: whoever sees the Job complete finds them. */
const end = async (options: ContainersOptions, pod: Pod, program: Program): Promise<void> => {
  const { cluster, requests, objects, clock } = options
  const ref = { kind: 'Pod', namespace: pod.metadata.namespace ?? null, name: pod.metadata.name } as const
  const now = (await cluster.get(ref)) as Pod | null
  if (now === null || now.metadata.uid !== pod.metadata.uid || hasEnded(now) || isStopping(now)) return
  if ((await nodeOf(cluster, now))?.metadata.annotations?.['kwok.x-k8s.io/node'] !== 'fake') return
  if (program.result !== null) {
    const { bucket, key, text, made } = program.result
    for (const file of made) await objects.write(bucket, file, Buffer.from(now.metadata.name))
    await objects.write(bucket, key, Buffer.from(text, 'utf8'))
  }
  const at = wireTime(clock.now())
  const terminated = {
    exitCode: program.exitCode,
    reason: program.reason,
    startedAt: now.status?.startTime,
    finishedAt: at,
    ...(program.message === null ? {} : { message: program.message }),
  }
  const containerStatuses = (now.status?.containerStatuses ?? []).map((status) => ({
    ...status,
    ready: false,
    started: false,
    state: { terminated },
  }))
  const status = { phase: program.exitCode === 0 ? 'Succeeded' : 'Failed', containerStatuses }
  const answer = await requests.send({
    method: 'PATCH',
    path: `${objectPath(ref)}/status`,
    type: 'application/merge-patch+json',
    body: { metadata: { uid: now.metadata.uid }, status },
  })
  if (answer.status !== 200 && answer.status !== 404) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`)
}

const nodeOf = (cluster: Cluster, { spec }: Pod): Promise<KubeObject | null> =>
  cluster.get({ kind: 'Node', namespace: null, name: spec?.nodeName ?? '' })
