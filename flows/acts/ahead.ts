import { seesStanding } from '../../core/lane/falling.ts'
import { needsPaper } from '../../core/lane/fold.ts'
import { looksForNewer } from '../../core/lane/giving-way.ts'
import type { View } from '../../core/lane/view.ts'
import type { World } from '../../core/world.ts'
import { observe } from '../observe.ts'
import type { WorkPorts } from '../ports.ts'

/** A look at the world that was begun before it is known whether a plan follows. */
export interface Ahead {
  world: Promise<World> | null
}

/**
 * Begins to look at the world beside the look at what letters point at, where what they say is compared with it or is likely
 * to be planned at once: a round trip less. Whoever needs it meets its failure, if it fails; nobody else does.
 */
export const lookAhead = (ports: WorkPorts, view: View, ahead: Ahead): void => {
  const likely = view.doc.run === null && view.sides['cluster'] === undefined
  ahead.world = null
  if (likely || needsPaper(view) || seesStanding(view) || looksForNewer(view)) seeAhead(ports, view, ahead)
}

/** Begins to look at the world, for the act that follows. */
export const seeAhead = (ports: WorkPorts, view: View, ahead: Ahead): void => {
  ahead.world = observe(ports, view)
  ahead.world.catch(() => undefined)
}

/** What the act before this one has begun to see, else a look now: only the act that follows may rest on it. */
export const seenAhead = (ports: WorkPorts, view: View, ahead: Ahead): Promise<World> => {
  const seen = ahead.world ?? observe(ports, view)
  ahead.world = null
  return seen
}
