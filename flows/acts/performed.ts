import type { Result } from '../../core/lane/settle.ts'
import type { View } from '../../core/lane/view.ts'

/** What an act answered, and what it has seen besides. */
export interface Performed {
  result: Result
  seen: Partial<Pick<View, 'world' | 'groups' | 'sides'>>
}
