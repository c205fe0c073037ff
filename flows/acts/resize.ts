import type { Resized } from '../../core/lane/ceilings.ts'
import type { LaneDocument } from '../../core/lane/document.ts'
import type { View } from '../../core/lane/view.ts'
import { laneName } from '../../core/lane-kinds/kind.ts'
import { NotAllowed, type WorkPorts } from '../ports.ts'
import type { Performed } from './performed.ts'
import { setCeiling } from './set-ceiling.ts'

/** Sets the ceiling that is marked. */
export const resize = async (ports: WorkPorts, { doc, policy }: View): Promise<Performed> => {
  const { gpus, fence } = doc.ceiling as NonNullable<LaneDocument['ceiling']>
  const resized = await setCeiling(ports, { name: laneName(doc.lane), policy, gpus, fence }).catch(notAllowed)
  return { result: { kind: 'resized', resized }, seen: {} }
}

/** Its line is granted all the same, by the limit that stands: a right that is missing here keeps nobody from what there is. */
const notAllowed = (error: unknown): Resized => {
  if (!(error instanceof NotAllowed)) throw error
  return { kind: 'not', why: `the cluster does not let us: ${error.message}`, right: true }
}
