import type { RollOutModelStep, Step } from '../plan.ts'
import { asIsOf } from '../planning/as-it-stands.ts'
import { editedText, isEditedByHand } from '../planning/generations.ts'
import { editsOf } from '../workloads/same-content.ts'
import type { GenerationView } from '../world.ts'

/**
 * What somebody has changed of what these steps bring up, against what they apply of it, or against how it stood when people were told of
 * it: that was neither approved nor is it what is judged. Null: nothing.
 */
export const risenByHand = (steps: readonly Step[], generations: readonly GenerationView[]): string | null => {
  const moves = steps.filter((step) => step.kind === 'roll-out-model')
  const applied = moves.flatMap(({ objects }) => objects.filter(({ kind }) => kind === 'Deployment'))
  const made = applied.flatMap((object) => {
    const view = generations.find(({ ref }) => ref.name === object.metadata.name)
    return view === undefined ? [] : [{ ...view, edited: editsOf(view.object, object) }]
  })
  const names = new Set(applied.map(({ metadata }) => metadata.name))
  const stood = moves.flatMap((move) => stoodOtherwise(move, generations)).filter(({ ref }) => !names.has(ref.name))
  const changed = [...made, ...new Set(stood)].filter(isEditedByHand)
  return changed.length === 0 ? null : `${changed.map(editedText).join('; ')}, which is not what was approved`
}

/** What it brings up without applying it, and stands otherwise than it did: who asks for more of it asks for what that runs. */
const stoodOtherwise = (
  { brings, asIs }: RollOutModelStep,
  generations: readonly GenerationView[],
): GenerationView[] =>
  brings === null
    ? []
    : generations.filter((view) => view.generation === brings && isEditedByHand(view) && asIsOf(view).asIs !== asIs)
