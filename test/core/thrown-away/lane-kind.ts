import type { Desired } from '../../../core/desired.ts'
import { type LaneKind, laneOf } from '../../../core/lane-kinds/kind.ts'
import { runName } from '../../../core/names.ts'
import type { NotifyStep } from '../../../core/plan.ts'
import { effectsOf } from '../../../core/planning/effects.ts'

/** Something to be told, once. */
export interface TellDesired extends Desired {
  kind: 'tell'
  word: string
}

const FREE = { p50: 0, p95: 0 }

/** A kind of lane that nothing else knows: it tells the channel one word, holds no GPUs, and costs nothing. */
export const bulletin: LaneKind<TellDesired> = {
  name: 'bulletin',
  lasts: 'once',
  stands: false,
  ruleOf: (_, name) => ({ lane: laneOf(bulletin, name), name, mode: 'act' }),
  keyOf: ({ word }) => `tell:${word}`,
  titleOf: ({ word }) => `tell ${word}`,
  requesterOf: () => null,
  isNothing: () => false,
  pinned: (desired) => desired,
  plan: ({ identity, run, desired, policy, now }) => {
    const title = `Tell ${desired.word}`
    const notify: NotifyStep = { kind: 'notify', name: 'notify', title, why: 'somebody asked', text: desired.word }
    return {
      kind: 'plan',
      plan: {
        ...run,
        id: runName(identity, run),
        policy: policy.version,
        desired,
        title,
        steps: [notify],
        ...effectsOf({ objects: [], interrupts: [], steps: [notify] }),
        bounds: { dollars: 0, gpus: {}, unavailable: 0, until: now + 3_600_000 },
        price: { total: FREE, perHour: FREE, nowPerHour: 0, gpuHours: FREE, sources: [] },
        strategy: null,
        interrupts: [],
        undo: 'What was told stays told.',
        reasons: ['it was asked for'],
        approval: { required: false, why: 'it costs nothing', need: 0 },
      },
    }
  },
  back: () => [],
  baselineOf: () => null,
}
