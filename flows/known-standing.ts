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

/**
 * The Deployments that were found, and those that the lane's document knows of and no list has: nothing is concluded from a list (law 2).
 * Each is asked for by its name, and is of the lane by what it selects.
 */
export const withKnown = async (
  { cluster }: Pick<WorkPorts, 'cluster'>,
  { identity, doc, namespace }: { identity: Identity; doc: Known; namespace: string },
  found: readonly KubeObject[],
): Promise<KubeObject[]> => {
  const names = new Set(found.map(({ metadata }) => metadata.name))
  const missing = generationsKnown(doc)
    .map((generation) => generationName(identity, generation))
    .filter((name) => !names.has(name))
  const asked = await Promise.all(missing.map((name) => cluster.get({ kind: 'Deployment', namespace, name })))
  const labels = Object.entries(laneLabels(identity, doc.lane))
  return [
    ...found,
    ...asked.filter((one): one is KubeObject => {
      const selects = (one as Deployment | null)?.spec?.selector?.matchLabels
      return isRecord(selects) && labels.every(([key, value]) => selects[key] === value)
    }),
  ]
}

/** Services of a lane, and its own where no list has that: it leads requests whatever its labels say. */
export const withOwnService = async (
  { cluster }: Pick<WorkPorts, 'cluster'>,
  { name, namespace }: { name: string; namespace: string },
  found: readonly KubeObject[],
): Promise<KubeObject[]> => {
  if (found.some(({ metadata }) => metadata.name === name)) return [...found]
  const own = await cluster.get({ kind: 'Service', namespace, name })
  return own === null || isLeaving(own) ? [...found] : [...found, own]
}
