import type { IntendingEvent } from '../../events/contract.ts'
import type { Policy } from '../policy.ts'
import { onDatasetUploaded } from './dataset-uploaded.ts'
import { onDriftDetected } from './drift-detected.ts'
import { onDriftReported } from './drift-reported.ts'
import { onModelPromoted } from './model-promoted.ts'
import type { Reaction } from './reaction.ts'
import { onRunAsked } from './run-asked.ts'
import { onScheduleDue } from './schedule-due.ts'
import { onVersionChanged } from './version-changed.ts'

/** Every reaction: a file of this folder each, and a line here. */
export const reactions = [
  onDatasetUploaded,
  onModelPromoted,
  onDriftDetected,
  onDriftReported,
  onRunAsked,
  onScheduleDue,
  onVersionChanged,
] as unknown as readonly Reaction[]

/** The reaction to an event. */
export const reactionTo = (all: readonly Reaction[], event: { type: string }): Reaction | undefined =>
  all.find(({ contract }) => contract.name === event.type)

/** Why no rule is about an event, in a sentence. */
export const whyNoRule = (reaction: Reaction | undefined, event: IntendingEvent, policy: Policy): string =>
  reaction?.whyNoRule?.(event, policy) ?? `no rule is about ${reaction?.at(event) ?? event.type}`
