import type { Bounds } from '../plan.ts'
import type { GenerationView } from '../world.ts'
import { type Replica, replicaCount, titleOf } from './generations.ts'
import { type ChosenPath, choosePath } from './paths.ts'
import type { ServeInput } from './serve-plan.ts'
import { freeGpus, type Rule, roomSentence, slotGpus } from './serve-room.ts'
import type { Standing, Wanted } from './serve-standing.ts'
import { isLedTo, type Led, leastAnswering, ledFirst, lostBy } from './traffic.ts'

/** A way that was chosen, and what it was chosen from. */
export interface Chosen {
  rule: Rule
  wanted: Wanted
  standing: Standing
  leaving: Replica[]
  led: Led
  chosen: Extract<ChosenPath, { kind: 'path' }>
}

/** The path from what stands to what is wanted, inside of these bounds. */
export const pathOf = (
  {
    rule,
    standing: { target, base },
    leaving,
    led,
    generations,
  }: Omit<Chosen, 'wanted' | 'chosen'> & { generations: readonly GenerationView[] },
  within?: Bounds,
): ChosenPath => {
  const { service } = rule
  const first = ledFirst(led)
  return choosePath({
    // What nobody asks is not available.
    old: leaving.map((one) => ({ ...one, ready: one.ready && isLedTo(first, one.view.generation) })),
    present: { asked: target?.replicas ?? 0, ready: Math.min(target?.ready ?? 0, target?.replicas ?? 0) },
    want: service.replicas,
    gpusPerReplica: slotGpus(rule, service.gpusPerReplica),
    freeGpus: freeGpus(rule, generations, within),
    maxUnavailable: service.maxUnavailable,
    baselineReplicas: base === undefined || base === target ? 0 : service.replicas,
  })
}

/** Where requests are led now, and what leaves and rises. */
export const ledOf = (
  { world }: ServeInput,
  { generation }: Wanted,
  { standing: { target, base, judged }, leaving }: { standing: Standing; leaving: Replica[] },
): Led => ({
  seen: world.traffic ?? null,
  rising: target?.generation ?? generation,
  judged,
  risen: target?.ready ?? 0,
  leaving,
  base,
})

/** What a card promises to answer all the way: nothing, where nothing stands that could. */
export const answeringOn = ({
  led,
  rule: { service },
  standing: { judged },
  chosen: { strategy, gateAfter },
}: Pick<Chosen, 'led' | 'rule' | 'standing' | 'chosen'>): { answering?: number } =>
  led.leaving.length === 0 && led.risen === 0
    ? {}
    : {
        answering: leastAnswering(led, {
          path: strategy.path,
          gateAfter: judged ? null : gateAfter,
          want: service.replicas,
        }),
      }

/** How a rollout is undone. */
export const undoOf = ({ desired: { version } }: Wanted, { base, target }: Standing): string =>
  base === undefined || base === target
    ? `Take v${version} away: nothing that was judged served before it.`
    : `Walk back to ${titleOf(base)}: it keeps its Deployment and comes back before v${version} goes, where there is room.`

/** Why this way, in the order of weighing. */
export const reasonsOf = (
  { rule, standing: { judged }, led, wanted, chosen: { strategy } }: Chosen,
  generations: readonly GenerationView[],
): string[] => [
  `${strategy.name}: ${strategy.why}`,
  ...strategy.rejected.map(({ name, why }) => `not ${name}: ${why}`),
  roomSentence(rule, generations),
  judged
    ? 'this version was judged before and has not changed: no gate'
    : 'the first new replica is judged before others follow, and nobody asks it before',
  ...fewerSentence(led, { rule, version: wanted.desired.version }),
]

/** Law 9: what is away for a time is said before anybody is asked. */
const fewerSentence = (led: Led, { rule, version }: { rule: Rule; version: string }): string[] => {
  const lost = lostBy(led, rule.service.replicas)
  return lost === 0
    ? []
    : [
        `${replicaCount(lost)} fewer answer until v${version} is judged: a Service leads to one generation, or to all that stand`,
      ]
}
