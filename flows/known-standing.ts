import { isLeaving, type KubeObject } from '../core/kube.ts'
import type { LaneDocument } from '../core/lane/document.ts'
import { generationName, generationOf, type Identity, laneLabels } from '../core/names.ts'
import { isRecord } from '../core/record.ts'
import type { WorkPorts } from './ports.ts'

type Deployment = KubeObject<'Deployment'>

/** What a lane knows to stand of it. */
export type Known = Pick<LaneDocument, 'lane'> & Partial<Pick<LaneDocument, 'baseline' | 'judged' | 'brought' | 'run'>>

/** Generations whose Deployments a lane's document knows of. */
const generationsKnown = ({ baseline, judged = [], brought = [], run }: Known): number[] => [
  ...new Set([
    ...[...(baseline == null ? [] : [baseline]), ...judged].map(({ stands, generation }) => stands ?? generation),
    ...brought,
    ...(run == null ? [] : [run.generation]),
  ]),
]

/** Which generation a Deployment is: by its selector, which nobody can change, and not by a label, which an administrator may take away. */
export const generationIn = ({ metadata: { labels = {} }, spec }: Deployment): number =>
  generationOf(spec?.selector?.matchLabels ?? {}) || generationOf(labels)

/** What a list tells of a namespace: at hand already, or asked for now; then what is known is asked for beside it, a round trip less. */
type Found = readonly KubeObject[] | Promise<readonly KubeObject[]>

/** What was found, and of these names what no list has. */
const withNamed = async (
  found: Found,
  names: readonly string[],
  get: (name: string) => Promise<KubeObject | null>,
): Promise<{ found: readonly KubeObject[]; others: KubeObject[] }> => {
  const beside = 'then' in found ? Promise.all(names.map(get)) : null
  const [listed, asked] = await Promise.all([found, beside])
  const has = new Set(listed.map(({ metadata }) => metadata.name))
  const others = asked ?? (await Promise.all(names.filter((name) => !has.has(name)).map(get)))
  return {
    found: listed,
    others: others.filter((one) => one !== null).filter(({ metadata }) => !has.has(metadata.name)),
  }
}

/**
 * The Deployments that were found, and those that the lane's document knows of and no list has: nothing is concluded from a list (law 2).
 * Each is asked for by its name, and is of the lane by what it selects.
 */
export const withKnown = async (
  { cluster }: Pick<WorkPorts, 'cluster'>,
  { identity, doc, namespace }: { identity: Identity; doc: Known; namespace: string },
  listed: Found,
): Promise<KubeObject[]> => {
  const known = generationsKnown(doc).map((generation) => generationName(identity, generation))
  const { found, others } = await withNamed(listed, known, (name) =>
    cluster.get({ kind: 'Deployment', namespace, name }),
  )
  const labels = Object.entries(laneLabels(identity, doc.lane))
  const isOurs = (one: KubeObject): boolean => {
    const selects = (one as Deployment).spec?.selector?.matchLabels
    return isRecord(selects) && labels.every(([key, value]) => selects[key] === value)
  }
  return [...found, ...others.filter(isOurs)]
}

/** Services of a lane, and its own where no list has that: it leads requests whatever its labels say. */
export const withOwnService = async (
  { cluster }: Pick<WorkPorts, 'cluster'>,
  { name, namespace }: { name: string; namespace: string },
  listed: Found,
): Promise<KubeObject[]> => {
  const { found, others } = await withNamed(listed, [name], () => cluster.get({ kind: 'Service', namespace, name }))
  return [...found, ...others.filter((own) => !isLeaving(own))]
}
