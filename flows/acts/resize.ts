import type { Resized } from '../../core/lane/ceilings.ts'
import type { LaneDocument } from '../../core/lane/document.ts'
import type { View } from '../../core/lane/view.ts'
import { laneName } from '../../core/lane-kinds/kind.ts'
import { NotAllowed, Unavailable, type WorkPorts } from '../ports.ts'
import type { Performed } from './performed.ts'
import { setCeiling } from './set-ceiling.ts'

/** Sets the ceiling that is marked. */
export const resize = async (ports: WorkPorts, { doc, policy }: View): Promise<Performed> => {
  const { gpus, fence } = doc.ceiling as NonNullable<LaneDocument['ceiling']>
  const name = laneName(doc.lane)
  const resized = await setCeiling(ports, { name, policy, gpus, fence }).catch((error) => notSet(ports, name, error))
  return { result: { kind: 'resized', resized }, seen: {} }
}

/**
 * Its line is granted all the same, by the limit that stands: a right that is missing here, or something in the way of this one write (a webhook),
 * keeps nobody from what there is. Where the NodePool cannot be read either, it is the cluster that does not answer.
 */
const notSet = async ({ cluster }: Pick<WorkPorts, 'cluster'>, name: string, error: unknown): Promise<Resized> => {
  if (!(error instanceof Unavailable)) throw error
  if (error instanceof NotAllowed)
    return { kind: 'not', why: `the cluster does not let us: ${error.message}`, right: true }
  await cluster.get({ kind: 'NodePool', namespace: null, name })
  return { kind: 'not', why: `the cluster does not take it, and is asked again: ${error.message}`, soon: true }
}
