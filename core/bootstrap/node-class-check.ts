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
      ...diskWrongs(volumeOf(spec), spec, pool),
      ...reservationWrongs(spec, pool),
    ],
  },
  'eks.amazonaws.com/NodeClass': {
    apiVersion: 'eks.amazonaws.com/v1',
    wrongs: (spec, pool) => [...diskWrongs(storageOf(spec), spec, pool), ...reservationWrongs(spec, pool)],
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

/** Where images and what pods write are: the device, null where the image alone knows it, and its GiB, null for the usual ones. */
interface Disk {
  device: string | null
  gibibytes: number | null
}

/**
 * Of a node's volumes the one that Karpenter takes for that: the one that is marked, else that of the image's family. Of an image of which
 * nobody knows it, the last one.
 */
const volumeOf = (spec: Record<string, unknown>): Disk => {
  const volumes = listOf(spec['blockDeviceMappings']).map(({ deviceName, rootVolume, ebs }) => ({
    device: typeof deviceName === 'string' ? deviceName : null,
    gibibytes: gibibytesIn(isRecord(ebs) ? ebs['volumeSize'] : undefined),
    isMarked: rootVolume === true,
  }))
  const marked = volumes.find(({ isMarked, gibibytes }) => isMarked && gibibytes !== null)
  const device = DEVICES[familyOf(spec)] ?? null
  const found = device === null ? volumes.at(-1) : volumes.find((one) => one.device === device)
  return marked ?? found ?? { device, gibibytes: null }
}

/** By an image's family: Bottlerocket keeps itself on a volume of its own. */
const DEVICES: Readonly<Record<string, string>> = { al2: '/dev/xvda', al2023: '/dev/xvda', bottlerocket: '/dev/xvdb' }

const familyOf = ({ amiFamily, amiSelectorTerms }: Record<string, unknown>): string => {
  const alias = listOf(amiSelectorTerms).find(({ alias: one }) => typeof one === 'string')?.['alias']
  const said = typeof amiFamily === 'string' ? amiFamily : String(alias ?? 'Custom').replace(/@.*$/, '')
  return said.toLowerCase()
}

const storageOf = ({ ephemeralStorage }: Record<string, unknown>): Disk => ({
  device: null,
  gibibytes: gibibytesIn(isRecord(ephemeralStorage) ? ephemeralStorage['size'] : undefined),
})

const gibibytesIn = (quantity: unknown): number | null => {
  const bytes = numberIn(quantity)
  return bytes === null ? null : Math.floor(bytes / 1024 ** 3)
}

const diskWrongs = (
  { device, gibibytes }: Disk,
  { instanceStorePolicy }: Record<string, unknown>,
  pool: PoolPolicy,
): string[] => {
  if (instanceStorePolicy === 'RAID0' && hasStore(typesOf(pool))) return []
  const where = device === null ? '' : ` (${device}, where images and pods are)`
  const said =
    gibibytes === null
      ? `it says nothing of its disk${where}, and the usual one is too small`
      : `its disk has ${gibibytes} GiB${where}`
  return (gibibytes ?? 0) >= (pool.disk ?? LEAST_DISK)
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
