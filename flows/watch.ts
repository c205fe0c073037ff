import { label, runName } from '../core/names.ts'
import { identityOf } from '../core/planning/plan-for.ts'
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
  return ports.cluster.watch({ labels: { [label('installation')]: installation } }, onChange)
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
