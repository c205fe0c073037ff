import type { KubeObject } from '../core/kube.ts'
import { label, laneOfLabel } from '../core/names.ts'
import { everyLane } from './lanes.ts'
import type { Change, WorkPorts } from './ports.ts'
import { wake } from './waking.ts'

type WatchPorts = Pick<WorkPorts, 'ledger' | 'cluster' | 'queue' | 'policies' | 'clock'>

/**
 * One Kubernetes watch on everything of ours: a change wakes the lane that it is of, once however many changes come together.
 * Wakes are only hints: what changed while nobody watched is found by waking every lane that has a run when a watch begins.
 */
export const watch = async (
  ports: WatchPorts,
  { onError, track }: { onError: (error: unknown) => void; track?: (waking: Promise<void>) => void },
): Promise<{ stop(): void }> => {
  const { installation } = await ports.policies.load()
  const pending = new Map<string, string>()
  const wakeSoon = async (lane: string): Promise<void> => {
    // Changes that come together wake once, with the last of them.
    await Promise.resolve()
    const version = pending.get(lane) ?? ''
    pending.delete(lane)
    await wake(ports, laneOfLabel(lane), `watch.${version}`)
  }
  const onChange = ({ type, object }: Change): void => {
    const lane = object.metadata.labels?.[label('lane')]
    if (lane === undefined || isNoNews(type, object)) return
    const known = pending.has(lane)
    pending.set(lane, `${type}.${object.metadata.uid}.${object.metadata.resourceVersion}`)
    if (known) return
    const waking = wakeSoon(lane)
    track?.(waking)
  }
  const watching = await ports.cluster.watch({ labels: { [label('installation')]: installation } }, onChange)
  await wakeRunning(ports).catch(onError)
  return watching
}

/** What has just been made and has no status says nothing that its maker was not answered. */
const isNoNews = (type: Change['type'], object: KubeObject): boolean =>
  type === 'ADDED' && Object.keys((object as { status?: object }).status ?? {}).length === 0

/** Wakes every lane that has a run: reconciling one that rests is one read. */
export const wakeRunning = async (ports: Pick<WatchPorts, 'ledger' | 'queue' | 'clock'>): Promise<number> => {
  const running = (await everyLane(ports.ledger)).filter(({ run }) => run !== null)
  for (const { lane } of running) await wake(ports, lane, `began.${ports.clock.now()}`)
  return running.length
}

/** Whether any lane has a run: then what changes in the cluster may concern somebody. */
export const isAnythingInFlight = async ({ ledger }: Pick<WatchPorts, 'ledger'>): Promise<boolean> =>
  (await everyLane(ledger)).some(({ run }) => run !== null)
