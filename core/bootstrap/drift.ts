import type { NodePool } from '../kube.ts'
import type { Manifest } from './manifest.ts'

/** Fields of which only those nodes drift that no longer are as these say. */
const SELECTING: Readonly<Record<string, RegExp>> = {
  NodePool: /^spec\.template\.spec\.requirements\b/,
  EC2NodeClass: /^spec\.(subnet|securityGroup|capacityReservation|ami)SelectorTerms\b/,
}

/** Fields of which every node drifts that was started before: Karpenter compares a digest of them. */
const HASHED: Readonly<Record<string, RegExp>> = {
  NodePool: /^spec\.template\b/,
  EC2NodeClass: /^spec\b/,
}

/**
 * What a change of a manifest's fields does to nodes that run, in a sentence; null: nothing. `running`: how many of them the NodePool counts,
 * null where nobody says.
 */
export const driftOf = ({ kind, spec }: Manifest, fields: readonly string[], running: number | null): string | null => {
  const [some, all] = [SELECTING[kind], HASHED[kind]]
  const hashed = fields.filter((field) => all?.test(field) === true)
  if (hashed.length === 0 || running === 0) return null
  const every = hashed.some((field) => some?.test(field) !== true)
  const who = every
    ? `${running === null ? 'nodes' : `${running} of its nodes`} that run`
    : 'nodes that run and are not so'
  return `${who} drift: ${then(kind, spec)}`
}

const then = (kind: string, spec: unknown): string => {
  if (kind !== 'NodePool') return 'each is replaced as the budget of its NodePool allows'
  const budgets = (spec as NodePool['spec'])?.disruption?.budgets ?? []
  const nodes = budgets.find(({ reasons }) => reasons?.includes('Drifted'))?.nodes
  return nodes === '0'
    ? 'none is replaced while anything runs on it, and each goes once it is empty'
    : 'they are replaced one after the other, what runs there starting anew elsewhere'
}
