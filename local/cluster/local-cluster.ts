import type { Cluster } from '../../flows/ports.ts'

/** A cluster as the local house runs it. */
export interface LocalCluster extends Cluster {
  /** Does everything that is due at or before now; answers when the next thing is due (ms), or null. A real one has its own time. */
  advance(now: number): Promise<number | null>
  close(): void | Promise<void>
}
