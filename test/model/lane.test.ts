import { describe, expect, it } from 'vitest'
import { mutants } from './mutants.ts'
import { timesIn } from './mutated.ts'
import { faultsOf, lineOf, prove, whatShows } from './prove.ts'
import { small } from './worlds.ts'

/** Far more than it takes: other tests run beside it. Milliseconds. */
const PATIENCE = 120_000

describe('the life of a lane, explored', () => {
  it.each(small)('$name: nothing is ever wrong, and it always comes to rest', { timeout: PATIENCE }, (config) => {
    const proof = prove(config)
    console.log(lineOf(config.name, proof))
    expect(faultsOf(proof)).toEqual([])
  })
})

describe('a guard of it', () => {
  it('stands where it is taken away, also those of the slow lane', () => {
    const lost = mutants.filter(({ text }) => text !== undefined && timesIn(text[0]) !== 1)
    expect(lost.map(({ name }) => name)).toEqual([])
  })

  const quick = mutants.filter(({ slow }) => slow !== true)
  it.each(quick)('$name: without it the exploration finds what goes wrong', { timeout: PATIENCE }, async (mutant) => {
    expect(await whatShows(mutant)).not.toBeNull()
  })
})
