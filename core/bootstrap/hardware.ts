/**
 * Network cards of each instance type, every one of which has an Elastic Fabric Adapter: as Karpenter's own limits list them and AWS's
 * page on several network cards lays them out, 2026-11. Types of which that is not certain are left out: a wrong layout starts no node.
 */
const FABRIC_CARDS: ReadonlyMap<string, number> = new Map([
  ['p4d.24xlarge', 4],
  ['p4de.24xlarge', 4],
  ['p5.48xlarge', 32],
  ['p5e.48xlarge', 32],
  ['p5en.48xlarge', 16],
])

/** Families all of whose sizes have NVMe disks of their own. */
const STORE = /^(p3dn|p4de?|p5(e|en)?|p6-b[23]00|g4dn|g5|g6e?|gr6|g7e)\./

/** One network interface of a node, as an EC2NodeClass names it. */
export interface NetworkInterface {
  networkCardIndex: number
  deviceIndex: number
  interfaceType: 'interface' | 'efa-only'
}

/** Interfaces of nodes that may be of any of these types, for all their fabric adapters; null: they have none, or not the same ones. */
export const fabricOf = (types: readonly string[]): NetworkInterface[] | null => {
  const counts = new Set(types.map((type) => FABRIC_CARDS.get(type) ?? 0))
  const [cards = 0] = counts
  if (counts.size !== 1 || cards === 0) return null
  const primary: NetworkInterface = { networkCardIndex: 0, deviceIndex: 0, interfaceType: 'interface' }
  const adapters = Array.from({ length: cards }, (_, card): NetworkInterface => {
    return { networkCardIndex: card, deviceIndex: card === 0 ? 1 : 0, interfaceType: 'efa-only' }
  })
  return [primary, ...adapters]
}

/** Whether each of these types has disks of its own. */
export const hasStore = (types: readonly string[]): boolean =>
  types.length > 0 && types.every((type) => STORE.test(type))
