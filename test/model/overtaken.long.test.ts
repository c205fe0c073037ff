import { describe, expect, it } from 'vitest'
import { mutated } from './mutated.ts'
import { OVERTAKEN_CORE, Overtaken, type OvertakenCore } from './overtaken.ts'
import { overtakenConfigs } from './overtaken-worlds.ts'
import { exploreRollout } from './rollout-explore.ts'

/** Far more than it takes: other tests run beside it. Milliseconds. */
const PATIENCE = 240_000

describe('rollouts that overtake each other, explored', () => {
  it.each(overtakenConfigs)(
    '$name: what answers stays, nothing unjudged is asked, none waits for ever, and one alone stands in the end',
    { timeout: PATIENCE },
    (config) => {
      const explored = exploreRollout(new Overtaken(config))
      console.log(`${config.name}: ${explored.states} states, ends ${[...explored.ends].sort().join(', ')}`)
      expect(Object.fromEntries(explored.found)).toEqual({})
    },
  )
})

/** Without these the exploration finds what goes wrong: where in the planning it stands, what in its place, and in which world. */
const mutants: readonly (readonly [name: string, from: string, to: string, world: string])[] = [
  [
    'what nobody asks leaves before what requests are led to',
    'isAsked(a) - isAsked(b)',
    '0',
    'two replicas on a full pool',
  ],
  [
    'what was judged stands in the place of a baseline that there never was',
    'since.find(isSound) ?? since.find(isLed) ?? baseline',
    'baseline',
    'the first version, room for another',
  ],
  [
    'what was judged since is led to before a baseline that somebody has changed',
    '(since.find((one) => isSound(one) && isAsked(one)) ?? baseline)',
    'baseline',
    'two replicas, side by side, and a hand',
  ],
  [
    'what answers and was judged stays where somebody changes what its way back leads to',
    'return answers ? notLedBackText(base) : null',
    'return null',
    'two replicas on a full pool, and a hand',
  ],
]

describe('a guard of it', () => {
  it.each(mutants)('%s', { timeout: PATIENCE }, async (name, from, to, world) => {
    const found = await mutated({ name, room: 'planning', text: [from, to] }, async (load) => {
      const [{ planServe }, returns] = await Promise.all([
        load<Pick<OvertakenCore, 'planServe'>>('serve.mjs'),
        load<Pick<OvertakenCore, 'returnOf' | 'returnsTo' | 'changedOnWayBack'>>('returns-to.mjs'),
      ])
      const config = overtakenConfigs.find((one) => one.name === world)
      if (config === undefined) throw new Error(`no world is called ${world}`)
      return exploreRollout(new Overtaken(config, { ...OVERTAKEN_CORE, planServe, ...returns }), {
        first: true,
      })
    })
    expect([...found.found.keys()]).not.toEqual([])
  })
})
