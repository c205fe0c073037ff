import { describe, expect, it } from 'vitest'
import type { Plan, Planned } from '../../../core/plan.ts'
import { asIfAllHadRoom, asManyAsFit, whereAllHaveRoom } from '../../../core/planning/as-many.ts'
import { emptyWorld } from '../training-fixture.ts'

/** The plan of so many of them, where so many have room. */
const planOf =
  (room: number) =>
  (count: number, isPaper: boolean): Planned =>
    count <= room || isPaper
      ? { kind: 'plan', plan: { digest: `of ${count}`, reasons: ['first'], steps: [{ kind: 'notify', text: 'told' }] } as unknown as Plan } // biome-ignore format: a line
      : { kind: 'refuse', reason: 'would-deadlock', detail: `${count} have no room` }
const of = (room: number, agreed?: string, stand = 0) => {
  const planned = asManyAsFit({ most: 3, stand, agreed }, planOf(room))
  if (planned.kind !== 'plan') return planned.kind === 'refuse' ? planned.detail : planned.kind
  const { digest, partOf, reasons, steps } = planned.plan
  const [told] = steps as { text: string }[]
  return [digest, partOf, reasons.length === 2 ? reasons[0] : undefined, told?.text]
}

describe('as many replicas as fit', () => {
  const follows = (count: string) => `${count} room now: what else is wanted of it follows once that has`

  it('are all, or as many fewer as have room, which says what is missing; where none has, all of it is refused', () => {
    expect(of(3)).toEqual(['of 3', undefined, undefined, 'told'])
    expect(of(2)).toEqual(['of 2', undefined, follows('2 of 3 have'), `told; ${follows('2 of 3 have')}`])
    expect([of(0), of(1, undefined, 1)]).toEqual(['3 have no room', '3 have no room'])
  })

  it('are as many as people have agreed to, whatever room has come since: the others are asked about after that', () => {
    const agreed = '1 of 3 was agreed to: what else is wanted of it is asked about once that stands'
    expect(of(3, 'of 1')).toEqual(['of 1', undefined, agreed, `told; ${agreed}`])
    expect(of(1, 'of 1')).toEqual(['of 1', undefined, follows('1 of 3 has'), `told; ${follows('1 of 3 has')}`])
    expect(of(3, 'of 3')).toEqual(['of 3', undefined, undefined, 'told'])
  })

  it('are of these as many as have room by then: that is part of what was agreed to', () => {
    expect(of(1, 'of 2')).toEqual(['of 1', 'of 2', follows('1 of 3 has'), `told; ${follows('1 of 3 has')}`])
    expect(of(2, 'of 3').slice(0, 2)).toEqual(['of 2', 'of 3'])
    expect([of(0, 'of 2'), of(2, 'of 3', 2)]).toEqual(['3 have no room', '3 have no room'])
  })

  it('are as before where people have agreed to something else', () => {
    expect(of(2, 'of another version').slice(0, 2)).toEqual(['of 2', undefined])
  })
})

it('where all had room no pool has a ceiling, nor anybody else in it', () => {
  const { pools, dollars } = asIfAllHadRoom(emptyWorld())
  expect(Object.values(pools).map(({ ceiling, heldByOthers }) => [ceiling, heldByOthers])).toEqual(
    Object.keys(pools).map(() => [null, 0]),
  )
  expect(dollars).toEqual({ spent: 0, held: 0 })
  const [view] = Object.values(emptyWorld().pools)
  const at = whereAllHaveRoom({ input: { world: emptyWorld() }, rule: { view: view as never } })
  expect([at.input.world.pools, at.rule.view]).toMatchObject([pools, { ceiling: null, heldByOthers: 0 }])
})
