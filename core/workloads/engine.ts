import type { ServeDesired } from '../desired.ts'
import type { Policy, ServicePolicy } from '../policy.ts'
import type { Fetch } from './fetching.ts'
import type { Answering } from './serving-health.ts'

/** What of a policy says how weights come to an engine. */
export interface Given {
  service: Pick<ServicePolicy, 'args' | 'base' | 'engineVersion'>
  runner?: Policy['runner']
}

/** What serves a model: a few pure answers, from which its pods are made. */
export interface Engine extends Answering {
  /** What its container runs; null: its image's own. */
  command: readonly string[] | null
  /** Arguments of its container. What the user wrote comes after them and wins. */
  args(desired: ServeDesired, service: ServicePolicy): string[]
  /** Tells it which share of its GPU's memory it may take, of 1, where others have that GPU too; null: nothing does, and it takes what it finds. */
  inTurn: ((share: number) => string[]) | null
  /** Variables of its container beside what all are told. */
  env: Readonly<Record<string, string>>
  /** Why it cannot load what lies there, in a sentence that says what to do; null: nothing on paper speaks against it. */
  cannotLoad(desired: Pick<ServeDesired, 'source' | 'adapter' | 'base'>, given: Given): string | null
  /** What `signalbox-run` brings into its pod before it begins; null: it loads all by itself. */
  fetches(desired: Pick<ServeDesired, 'source' | 'adapter' | 'model'>): Fetch | null
  /** What whoever reaches it may do besides asking, as a card says it; null: nothing. */
  open: string | null
  /** GiB of its node's disk that a replica asks for, for each of its GPUs; null: it asks for none. */
  disk: number | null
  /** Whether a replica goes, of nodes that have room, to one with the fewest of them. */
  spread: boolean
  /** Whether a drain takes no more of its replicas than its service can miss. */
  guarded: boolean
  /** Whether drains leave as many of it as the service can do with, counted beside no other generation: two of which one each stands lose neither. */
  leaves: boolean
  /** Whether its pods are of the class of what serves: they wait before others for a GPU that comes free. */
  ranked: boolean
}
