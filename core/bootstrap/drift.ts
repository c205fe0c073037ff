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
 * null where nobody says; `among`: what is applied with it, whose NodePools say what becomes of the nodes of a class.
 */
export const driftOf = (
  manifest: Manifest,
  fields: readonly string[],
  { running, among = [] }: { running: number | null; among?: readonly Manifest[] },
): string | null => {
  const [some, all] = [SELECTING[manifest.kind], HASHED[manifest.kind]]
  const hashed = fields.filter((field) => all?.test(field) === true)
  if (hashed.length === 0 || running === 0) return null
  const every = hashed.some((field) => some?.test(field) !== true)
  const who = every
    ? `${running === null ? 'nodes' : `${running} of its nodes`} that run`
    : 'nodes that run and are not so'
  return `${who} drift: ${then(manifest, among)}`
}

const then = (manifest: Manifest, among: readonly Manifest[]): string => {
  const pools = manifest.kind === 'NodePool' ? [manifest] : among.filter((one) => startsOf(one, manifest))
  const said = Map.groupBy(pools, becoming)
  if (said.size === 0) return 'each is replaced as the budget of its NodePool allows'
  const only = said.size === 1
  return [...said]
    .map(([what, of]) => (only ? what : `of ${of.map(({ metadata }) => metadata.name).join(', ')} ${what}`))
    .join('; ')
}

/** Whether a manifest is of a NodePool whose nodes are of this class. */
const startsOf = (pool: Manifest, { kind, metadata }: Manifest): boolean => {
  const nodeClass = pool.kind === 'NodePool' ? specOf(pool)?.template?.spec?.nodeClassRef : undefined
  return nodeClass?.kind === kind && nodeClass.name === metadata.name
}

/** What becomes of the nodes of a NodePool that drift: a grace period is how long anything holds one that is being replaced. */
const becoming = (pool: Manifest): string => {
  const { disruption, template } = specOf(pool) ?? {}
  const nodes = disruption?.budgets?.find(({ reasons }) => reasons?.includes('Drifted'))?.nodes
  if (nodes === '0') return 'none is replaced while anything runs on it, and each goes once it is empty'
  const grace = template?.spec?.terminationGracePeriod
  const end = grace === undefined ? '' : `, and after ${grace} at the latest, whatever disruption budgets say`
  return `they are replaced one after the other, what runs there starting anew elsewhere${end}`
}

const specOf = ({ spec }: Manifest): NodePool['spec'] => spec as NodePool['spec']
