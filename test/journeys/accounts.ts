import type { KubeObject } from '../../core/kube.ts'
import { HOUR } from './scenes.ts'
import type { Town } from './town.ts'

/** What the example's nodes cost an hour. */
const DOLLARS: Record<string, number> = { 'gpu-train': 55.04, 'gpu-serve': 10.49, cpu: 0.81 }

/** What the account is billed, as whoever watches every launch and every termination would reckon it. */
export const accountWatched = async ({ house }: Town): Promise<{ dollars(pool: string): number }> => {
  const lives = new Map<string, { pool: string; from: number; to: number | null }>()
  const { cluster, clock } = house
  await cluster.watch({}, ({ type, object }) => {
    if (object.kind !== 'NodeClaim') return
    const { name, labels = {}, deletionTimestamp } = (object as KubeObject<'NodeClaim'>).metadata
    const known = lives.get(name)
    if (type === 'ADDED') lives.set(name, { pool: labels['karpenter.sh/nodepool'] ?? '', from: clock.now(), to: null })
    else if (known !== undefined && known.to === null && deletionTimestamp !== undefined) known.to = clock.now()
  })
  const hours = (pool: string): number =>
    [...lives.values()]
      .filter((one) => one.pool === pool)
      .reduce((sum, { from, to }) => sum + ((to ?? clock.now()) - from) / HOUR, 0)
  return { dollars: (pool) => hours(pool) * (DOLLARS[pool] ?? 0) }
}
