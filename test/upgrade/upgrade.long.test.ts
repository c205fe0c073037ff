import { readdirSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { openTown, type Town } from '../journeys/town.ts'
import { type Frozen, frozenIn, thawed, withHeads } from './frozen.ts'
import { goOn, rowsOfMidst } from './midst.ts'

let town: Town
afterEach(() => town.close())

/** What each release has left, by its folder. */
const LEFT = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)

describe.each(LEFT)('rows as they were written before, read by this release: %s', (name) => {
  it('every lane goes on to the end that it would have had; nothing is asked, begun or told twice', async () => {
    const frozen = frozenIn(name)
    town = await openTown({ config: frozen.config, stores: thawed(frozen), at: frozen.at, wrap: withHeads(frozen) })
    expect(await goOn(town)).toEqual(frozen.end)
  })
})

const METERED: ReadonlySet<string> = new Set(['instance', 'booked', 'day', 'meter'])

it('what is kept of this release is what it writes: whoever changes rows keeps theirs beside it', async () => {
  // The meter's are derived anew, by whichever release.
  const counted = (rows: Frozen['ledger']['rows']): unknown =>
    Object.entries(
      Object.groupBy(
        rows.filter(({ kind }) => !METERED.has(kind)),
        ({ kind }) => kind,
      ),
    ).map(([kind, all]) => `${all?.length} ${kind}`)
  expect(counted(await rowsOfMidst())).toEqual(counted(frozenIn('schema-1').ledger.rows))
  town = await openTown()
})
