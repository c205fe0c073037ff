import { initialOf, modelOf } from './configurations.ts'
import { type Explored, explore } from './explore.ts'
import { coreOf, guardsOf, type Mutant } from './mutants.ts'
import type { Config } from './state.ts'

/** Explores a configuration: every state, and from each of them all that follows when it is quiet. */
export const prove = (config: Config): Explored => {
  const model = modelOf(config)
  return explore(model, initialOf(model))
}

/** What is wrong, with the shortest way to it; empty when all is well. */
export const faultsOf = ({ found, cut, stuck, calm }: Explored): string[] => [
  ...[...found].map(([bad, way]) => `${bad}:\n  ${way.join('\n  ')}`),
  ...(cut ? ['it was cut off before all was seen'] : []),
  ...(stuck === null ? [] : [`it never comes to rest:\n  ${stuck.join('\n  ')}`]),
  ...(calm.wakes.commits === null || calm.due.commits === null ? ['it commits for ever'] : []),
]

/** `a rollout: 12,522 states, 22,858 moves, 3.1 s; at most 6 commits once it is quiet`. */
export const lineOf = (name: string, { states, moves, seconds, calm }: Explored): string =>
  `${name}: ${states.toLocaleString('en')} states, ${moves.toLocaleString('en')} moves, ${seconds.toFixed(1)} s; at most ${calm.wakes.commits} commits once it is quiet`

/** What the exploration says of a mutant; null: it does not notice. */
export const whatShows = async (mutant: Mutant): Promise<string | null> => {
  const model = modelOf(mutant.config, { core: await coreOf(mutant), guards: guardsOf(mutant) })
  const { found, stuck } = explore(model, initialOf(model), { first: mutant.shows !== 'stuck' })
  if (mutant.shows === 'stuck') return stuck === null ? null : 'it never comes to rest'
  return found.keys().next().value ?? null
}
