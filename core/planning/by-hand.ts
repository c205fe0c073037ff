import type { ServeDesired } from '../desired.ts'
import type { Hand } from '../hand.ts'
import type { Planned } from '../plan.ts'
import type { Engine } from '../workloads/engine.ts'
import { addedTo, type Edit, editsOf } from '../workloads/same-content.ts'
import { servingObjects, servingTemplate } from '../workloads/serving.ts'
import type { GenerationView } from '../world.ts'
import { editedText, isEditedByHand, replicaCount, titleOf } from './generations.ts'
import { asLeft } from './left-alone.ts'
import { isWithin, rangeOf } from './scaled-range.ts'
import { isBehindAlone, partsOff, partsText } from './serve-parts.ts'
import type { ServeInput } from './serve-plan.ts'
import type { Rule } from './serve-room.ts'
import { buildOf, type Standing, type Wanted } from './serve-standing.ts'

/** A version, and the engine that its objects are made for. */
interface Version {
  desired: ServeDesired
  engine: Engine
}

/**
 * The input, its generations compared with what they were made from where that can be made again, which is what these versions are made
 * as today: by every field of it. Of the others only what the API server knows of who changed them is seen.
 */
export const compared = (input: ServeInput, rule: Rule, versions: readonly Version[]): ServeInput => {
  if (input.world.generations.length === 0) return input
  const builds = versions.map((version) => buildOf(input, rule, { ...version, generation: input.run.generation }))
  // The same for every generation.
  const made = new Map(builds.map((build) => [servingTemplate(build), build]))
  const generations = input.world.generations.map((view) => {
    const build = made.get(view.digest)
    if (build === undefined) return view
    const { deployment } = servingObjects({ ...build, generation: view.generation })
    const live = asLeft(view, deployment)
    // Of what a ReplicaSet alone is left of nobody owns anything: it is taken back as it was made, or not at all.
    const added = view.alone === undefined ? [] : addedTo(live, deployment)
    return withEdits(view, [...editsOf(live, deployment), ...added])
  })
  return { ...input, world: { ...input.world, generations } }
}

const withEdits = ({ edited: _, ...view }: GenerationView, edited: readonly Edit[]): GenerationView =>
  edited.length === 0 ? view : { ...view, edited }

/** What somebody has changed of what would stand as it is wanted, and whether that is only told. Undefined: nothing. */
export const handOn = (
  input: ServeInput,
  rule: Rule,
  { wanted, standing }: { wanted: Wanted; standing: Standing },
): Hand | undefined => {
  const { service } = rule
  const { target, digest, judged, others } = standing
  if (target === undefined || target.digest !== digest) return undefined
  if (isEditedByHand(target)) return handOf(target, input.world.generations, service)
  if (!judged || others.length > 0) return undefined
  const off = partsOff(input, rule, { wanted, standing })
  // What the policy has otherwise by now is nobody's hand.
  const parts = off === null || isBehindAlone(off) ? null : off
  // What costs nothing is set right as replicas are, unless it is only to be told.
  if (service.onEdit !== 'tell') return parts === null ? undefined : { text: partsText(parts), tells: false }
  if (parts !== null) return told(partsText(parts))
  const had = input.baseline?.replicas ?? null
  const isScaled = had !== null && had !== target.replicas && !isWithin(rangeOf(input.policy, service), target)
  if (!isScaled) return undefined
  return told(`somebody has scaled ${titleOf(target)} from ${had} to ${replicaCount(target.replicas)}`)
}

/** What becomes of one that somebody has changed. What was made anew once for the same is not again: whoever does that does it each time. */
export const handOf = (
  view: GenerationView,
  generations: readonly GenerationView[],
  { onEdit }: Rule['service'],
): Hand => {
  const text = `${editedText(view)}, which is not what was judged`
  if (onEdit !== 'mend') return told(text)
  const before = generations.find((other) => other.generation < view.generation && isSameEdit(other, view))
  return before === undefined
    ? { text, tells: false }
    : told(`${text}, as of ${titleOf(before)} before it: see who does, since it would do so again`)
}

const told = (text: string): Hand => ({ text: `${text}: retry makes it as it is wanted again`, tells: true })

const isSameEdit = ({ edited = [] }: GenerationView, view: GenerationView): boolean => {
  const keys = new Set((view.edited ?? []).map(({ field, by }) => `${by} ${field}`))
  return edited.some(({ field, by }) => keys.has(`${by} ${field}`))
}

/** The plan, or why there is none, with what was changed by hand. */
export const withHand = (planned: Planned, hand: Hand | undefined): Planned =>
  hand === undefined ? planned : { ...planned, hand }
