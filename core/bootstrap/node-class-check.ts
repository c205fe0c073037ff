import { canonicalJson } from '../digest.ts'
import { diskOf, typesOf } from '../policy/pools.ts'
import type { PoolPolicy } from '../policy.ts'
import { numberIn } from '../quantity.ts'
import { isRecord } from '../record.ts'
import { hasStore } from './hardware.ts'
import { type NamedClass, termOf } from './node-classes.ts'
import type { NodeClass } from './node-pools.ts'

/** What is known of a kind of node classes: its version, and what of its spec is compared with a pool. */
interface ClassKind {
  apiVersion: string
  wrongs(spec: Record<string, unknown>, pool: PoolPolicy): string[]
}

/** By `group/kind`: Karpenter's on AWS, and EKS Auto Mode's, which chooses the image itself. */
const KINDS: Readonly<Record<string, ClassKind>> = {
  'karpenter.k8s.aws/EC2NodeClass': {
    apiVersion: 'karpenter.k8s.aws/v1',
    wrongs: (spec, pool) => [
      ...imageWrongs(spec),
      ...diskWrongs(volumesOf(spec), spec, pool),
      ...reservationWrongs(spec, pool),
    ],
  },
  'eks.amazonaws.com/NodeClass': {
    apiVersion: 'eks.amazonaws.com/v1',
    wrongs: (spec, pool) => [...diskWrongs([storageOf(spec)], spec, pool), ...reservationWrongs(spec, pool)],
  },
}

/** As which version a node class is read; null: of its kind nothing is known, and nothing is compared. */
export const knownClass = ({ group, kind }: NodeClass): Pick<ClassKind, 'apiVersion'> | null =>
  KINDS[`${group}/${kind}`] ?? null

/** What of a user's node class does not do for the pools that name it, each sentence with what to write. */
export const classWrongs = ({ nodeClass, pools }: NamedClass, found: unknown): string[] => {
  const known = KINDS[`${nodeClass.group}/${nodeClass.kind}`]
  const spec = isRecord(found) && isRecord(found['spec']) ? found['spec'] : {}
  const all = pools.flatMap(([name, pool]) => (known?.wrongs(spec, pool) ?? []).map((why) => ({ name, why })))
  return [...Map.groupBy(all, ({ why }) => why)].map(
    ([why, same]) => `${why} (${same.map(({ name }) => `pools.${name}`).join(', ')})`,
  )
}

const listOf = (value: unknown): Record<string, unknown>[] => (Array.isArray(value) ? value.filter(isRecord) : [])

/** An image is one of one day, or one by its id. */
const imageWrongs = ({ amiSelectorTerms }: Record<string, unknown>): string[] => {
  const loose = listOf(amiSelectorTerms).filter(
    ({ id, alias }) => typeof id !== 'string' && !/@v?\d/.test(typeof alias === 'string' ? alias : ''),
  )
  return loose.length === 0
    ? []
    : [
        `its image is not pinned (${canonicalJson(loose[0])}): when it changes, all nodes are replaced; write an alias of one day, \`al2023@v20260810\`, or an id`,
      ]
}

/** GiB of its volumes; null: that of Karpenter itself. */
const volumesOf = ({ blockDeviceMappings }: Record<string, unknown>): (number | null)[] =>
  listOf(blockDeviceMappings).map(({ ebs }) => gibibytesIn(isRecord(ebs) ? ebs['volumeSize'] : undefined))

const storageOf = ({ ephemeralStorage }: Record<string, unknown>): number | null =>
  gibibytesIn(isRecord(ephemeralStorage) ? ephemeralStorage['size'] : undefined)

const gibibytesIn = (quantity: unknown): number | null => {
  const bytes = numberIn(quantity)
  return bytes === null ? null : Math.floor(bytes / 1024 ** 3)
}

const diskWrongs = (
  volumes: readonly (number | null)[],
  { instanceStorePolicy }: Record<string, unknown>,
  pool: PoolPolicy,
): string[] => {
  if (instanceStorePolicy === 'RAID0' && hasStore(typesOf(pool))) return []
  const largest = Math.max(0, ...volumes.map((one) => one ?? 0))
  const said =
    largest === 0 ? 'it says nothing of its disk, and the usual one is too small' : `its disk has ${largest} GiB`
  return largest >= (pool.disk ?? LEAST_DISK)
    ? []
    : [`${said}: write ${diskOf(pool)}Gi, or instanceStorePolicy: RAID0 where nodes have disks of their own`]
}

/** GiB that do where the policy says nothing of it. */
const LEAST_DISK = 300

const reservationWrongs = (
  { capacityReservationSelectorTerms }: Record<string, unknown>,
  { capacityTypes, reservations = [] }: PoolPolicy,
): string[] => {
  const terms = listOf(capacityReservationSelectorTerms).map(canonicalJson)
  const missing = reservations.map((one) => canonicalJson(termOf(one))).filter((term) => !terms.includes(term))
  if (missing.length > 0)
    return [`it selects no reservation ${missing.join(', ')}: add it to capacityReservationSelectorTerms`]
  return capacityTypes.includes('reserved') && terms.length === 0
    ? ['it selects no reservation, so no reserved node is started: say capacityReservationSelectorTerms']
    : []
}
