import type { Step } from '../plan.ts'
import { editedText, isEditedByHand } from '../planning/generations.ts'
import { editsOf } from '../workloads/same-content.ts'
import type { GenerationView } from '../world.ts'

/** What somebody has changed of what these steps bring up, against what they apply of it: that was neither approved nor is it what is judged. Null: nothing. */
export const risenByHand = (steps: readonly Step[], generations: readonly GenerationView[]): string | null => {
  const applied = steps.flatMap((step) => (step.kind === 'roll-out-model' ? step.objects : []))
  const changed = applied
    .filter(({ kind }) => kind === 'Deployment')
    .flatMap((object) => {
      const view = generations.find(({ ref }) => ref.name === object.metadata.name)
      return view === undefined ? [] : [{ ...view, edited: editsOf(view.object, object) }]
    })
    .filter(isEditedByHand)
  return changed.length === 0 ? null : `${changed.map(editedText).join('; ')}, which is not what was approved`
}
