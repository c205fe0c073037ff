import { digestOf } from '../core/digest.ts'
import { label, laneLabel, runName } from '../core/names.ts'
import { identityOf } from '../core/planning/plan-for.ts'
import type { WatchRow } from '../core/rows.ts'
import { everyLane } from './lanes.ts'
import type { Change, Ports } from './ports.ts'
import { ringRun } from './start.ts'

type WatchPorts = Pick<Ports, 'ledger' | 'cluster' | 'workflow' | 'policies'>

/**
 * One Kubernetes watch on everything of ours: a change rings the bell of who carries out its lane, once however many
 * changes come together. Bells are only hints: a change whose bell fails is found when the sleeper's slice ends.
 */
export const watch = async (
  ports: WatchPorts,
  { onError, track }: { onError: (error: unknown) => void; track?: (ring: Promise<void>) => void },
): Promise<{ stop(): void }> => {
  const { installation } = await ports.policies.load()
  const pending = new Set<string>()
  const ringSoon = async (lane: string): Promise<void> => {
    await Promise.resolve()
    pending.delete(lane)
    await ringLane(ports, lane).catch(onError)
  }
  const onChange = ({ object }: Change): void => {
    const lane = object.metadata.labels?.[label('lane')]
    if (lane === undefined || pending.has(lane)) return
    pending.add(lane)
    const ring = ringSoon(lane)
    track?.(ring)
  }
  const labels = { [label('installation')]: installation }
  const watching = await ports.cluster.watch({ labels }, onChange)
  await catchUp(ports, labels, onError).catch(onError)
  return watching
}

/**
 * What changed while nobody watched: between two watches, or since a process died. A lane whose objects are other than the
 * last watch found them is rung; one that stands still for a month is not.
 */
const catchUp = async (
  ports: WatchPorts,
  labels: Record<string, string>,
  onError: (error: unknown) => void,
): Promise<void> => {
  const held = (await everyLane(ports.ledger)).filter(({ holder }) => holder !== null)
  const before = await ports.ledger.read('watch', 'cluster')
  const revisions = held.length === 0 ? new Map<string, string[]>() : await revisionsByLane(ports, labels)
  const seen: WatchRow['seen'] = {}
  for (const { lane } of held) {
    const now = digestOf(revisions.get(laneLabel(lane)) ?? []).slice(0, 16)
    try {
      if (before?.value.seen[lane] !== now) await ringLane(ports, laneLabel(lane))
      seen[lane] = now
    } catch (error) {
      // Not seen: the next watch rings it.
      onError(error)
    }
  }
  // Whoever loses this race was there a moment ago, and rang as well.
  if (digestOf(before?.value.seen ?? {}) !== digestOf(seen))
    await ports.ledger.commit([{ put: 'watch', id: 'cluster', revision: before?.revision ?? 0, value: { seen } }])
}

/** Uid and revision of each Job and Deployment, by lane label. Pods come and go with them. */
const revisionsByLane = async (
  { cluster }: WatchPorts,
  labels: Record<string, string>,
): Promise<Map<string, string[]>> => {
  const found = await Promise.all((['Job', 'Deployment'] as const).map((kind) => cluster.list(kind, { labels })))
  const byLane = new Map<string, string[]>()
  for (const { metadata } of found.flat()) {
    const lane = metadata.labels?.[label('lane')] ?? ''
    byLane.set(lane, [...(byLane.get(lane) ?? []), `${metadata.uid} ${metadata.resourceVersion}`])
  }
  for (const revisions of byLane.values()) revisions.sort()
  return byLane
}

/** Whether any lane is held: then what changes in the cluster may concern somebody. */
export const isAnythingInFlight = async ({ ledger }: Pick<Ports, 'ledger'>): Promise<boolean> =>
  (await everyLane(ledger)).some(({ holder }) => holder !== null)

/** Rings whoever holds the lane with this label value. */
const ringLane = async (ports: WatchPorts, laneLabelValue: string): Promise<void> => {
  const lane = laneLabelValue.replace('.', '/')
  const row = (await ports.ledger.read('lane', lane))?.value
  if (row === undefined || row.holder === null) return
  await ringRun(ports, runName(identityOf(await ports.policies.load()), { lane, ...row.holder }))
}
