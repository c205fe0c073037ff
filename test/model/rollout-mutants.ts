import { mutated, type Room } from './mutated.ts'
import { ROLLOUT_CORE, Rollout, type RolloutCore } from './rollout.ts'
import { exploreRollout } from './rollout-explore.ts'
import type { RolloutConfig } from './rollout-state.ts'
import { rolloutConfigs } from './rollout-worlds.ts'

/** A guard that is taken away: the exploration must find what it guards against. */
export interface RolloutMutant {
  name: string
  room: Room
  /** In the sources of that room: what stands there, once, and what in its place. */
  text: readonly [from: string, to: string]
  /** In one of these it is seen. */
  world: string
}

export const rolloutMutants: readonly RolloutMutant[] = [
  {
    name: 'nothing goes before what takes its place is ready',
    room: 'steps',
    text: ['readyOf(target) > target.replicas)', 'readyOf(target) > target.replicas + 9)'],
    world: 'one replica, room for another',
  },
  {
    name: 'what is not asked takes no place of what answers',
    room: 'steps',
    text: ['isLed(target) || (judged && !isAnswered) ? readyOf(target) : 0', 'readyOf(target)'],
    world: 'two replicas, room for another',
  },
  {
    name: 'requests are led only to where as many answer',
    room: 'steps',
    text: ['there >= Math.min(ready, here) && (there > 0 || mayBeNone)', 'there >= 0'],
    world: 'one replica, room for another',
  },
  {
    name: 'the last act before a run closes looks',
    room: 'steps',
    text: ['return step === undefined || step.replicas.every(at)', 'return at !== undefined'],
    world: 'one replica on a full pool, an outage approved',
  },
  {
    name: 'nobody asks what was not judged',
    room: 'planning',
    text: [
      '!(isBetter && unjudged.includes(seen)))\n    return seen',
      "!(isBetter && unjudged.includes(seen)))\n    return 'all'",
    ],
    world: 'two replicas, room for another',
  },
  {
    name: 'what is judged and stands goes for a baseline only',
    room: 'planning',
    text: ['returnsTo(world, baseline, [...last, ...judged])', 'returnsTo(world, baseline, judged)'],
    world: 'one replica, room for another',
  },
  {
    name: 'on a way back nothing is taken of what is to stand in the end',
    room: 'steps',
    text: ['kept > target.replicas ?', 'kept > target.replicas + 9 ?'],
    world: 'one replica on a full pool, of no class',
  },
  {
    name: 'on a full pool what takes a place waits for it before anything leaves',
    room: 'planning',
    text: ['isFull ? next.new : null', 'null'],
    world: 'one replica on a full pool, an outage approved',
  },
  {
    name: 'its pods are there before anything leaves',
    room: 'steps',
    text: ['if (target.waits !== true) return false', 'if (target.waits !== null) return false'],
    world: 'two replicas on a full pool',
  },
]

/** What the exploration says of a mutant; null: it does not notice. */
export const whatRolloutShows = ({ name, room, text, world }: RolloutMutant): Promise<string | null> =>
  mutated({ name, room, text }, async (load) => {
    const core: RolloutCore = { ...ROLLOUT_CORE, ...(await coreFrom(room, load)) }
    const config = rolloutConfigs.find((one) => one.name === world) as RolloutConfig
    return [...exploreRollout(new Rollout(config, core), { first: true }).found.keys()][0] ?? null
  })

const coreFrom = async (room: Room, load: <M>(file: string) => Promise<M>): Promise<Partial<RolloutCore>> => {
  if (room === 'steps') {
    const [moving, moves, traffic] = await Promise.all([
      load<Pick<RolloutCore, 'touched' | 'firstOf' | 'standsAtEnd'>>('moving.mjs'),
      load<Pick<RolloutCore, 'nextRollOut'>>('roll-out-model.mjs'),
      load<Pick<RolloutCore, 'whyNotLed' | 'nextSwitch'>>('switch-traffic.mjs'),
    ])
    return {
      touched: moving.touched,
      firstOf: moving.firstOf,
      standsAtEnd: moving.standsAtEnd,
      nextRollOut: moves.nextRollOut,
      whyNotLed: traffic.whyNotLed,
      nextSwitch: traffic.nextSwitch,
    }
  }
  if (room === 'lane-kinds') {
    const { service } = await load<{ service: Pick<RolloutCore, 'back'> }>('service.mjs')
    return { back: service.back }
  }
  const [{ planServe }, { returnOf }] = await Promise.all([
    load<Pick<RolloutCore, 'planServe'>>('serve.mjs'),
    load<Pick<RolloutCore, 'returnOf'>>('returns-to.mjs'),
  ])
  return { planServe, returnOf }
}
