import { describe, expect, it } from 'vitest'
import { Rollout } from './rollout.ts'
import { exploreRollout } from './rollout-explore.ts'
import { rolloutMutants, whatRolloutShows } from './rollout-mutants.ts'
import { longRollouts, rolloutConfigs } from './rollout-worlds.ts'

/** Far more than it takes: other tests run beside it. Milliseconds. */
const PATIENCE = 120_000

describe('a rollout, explored', () => {
  it.each([...rolloutConfigs, ...longRollouts])(
    '$name: it takes nothing away that answers, asks nothing unjudged, and ends where something is asked',
    { timeout: PATIENCE },
    (config) => {
      const explored = exploreRollout(new Rollout(config))
      console.log(`${config.name}: ${explored.states} states, ends ${[...explored.ends].sort().join(', ')}`)
      expect(Object.fromEntries(explored.found)).toEqual({})
    },
  )
})

describe('the class of what waits', () => {
  const full = rolloutConfigs.filter(
    ({ slots, old, revision, from }) => slots === old && revision === undefined && from === undefined,
  )
  it.each(full)('$name: without it the exploration finds who else gets the GPU', { timeout: PATIENCE }, (config) => {
    const { found } = exploreRollout(new Rollout({ ...config, classless: true }), { first: true })
    expect([...found.keys()]).toEqual(['a GPU that was freed is lost: somebody else’s pod gets a GPU'])
  })
})

describe('a guard of it', () => {
  it.each(rolloutMutants)(
    '$name: without it the exploration finds what goes wrong',
    { timeout: PATIENCE },
    async (mutant) => {
      expect(await whatRolloutShows(mutant)).not.toBeNull()
    },
  )
})
