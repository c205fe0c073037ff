import type { Run } from './document.ts'
import type { View } from './view.ts'

/** Whether what a run carries out is what its lane wants, though something else was wanted in between. */
export const isWanted = ({ doc, kind }: Pick<View, 'doc' | 'kind'>, { desired }: Pick<Run, 'desired'>): boolean =>
  doc.desired !== null && kind.keyOf(doc.desired as never) === kind.keyOf(desired as never)
