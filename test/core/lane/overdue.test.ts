import { describe, expect, it } from 'vitest'
import { changed } from '../../../core/lane/change.ts'
import type { LaneDocument } from '../../../core/lane/document.ts'
import { withOverdueTold } from '../../../core/lane/overdue.ts'
import type { Stuck } from '../../../core/world.ts'
import { docOf, NOW, SERVICE } from './fixture.ts'

const stuck = (uid: string): Stuck => ({
  uid,
  generation: 1,
  gpus: 4,
  note: `its node does not end it: kubectl delete node ${uid}`,
})
const look = (pods: string[], doc: LaneDocument = docOf({ lane: SERVICE })) =>
  withOverdueTold({ now: NOW }, { stuck: pods.map(stuck) }, changed(doc))

describe('pods that their nodes do not end', () => {
  it('are told once each, with the Node to delete, and forgotten once they are gone', () => {
    const first = look(['a'])
    expect(first.doc.overdue).toEqual(['a'])
    expect(first.tellings).toMatchObject([
      {
        kind: 'note',
        card: {
          title: 'generation 1: its node does not end it: kubectl delete node a. Until then its 4 GPUs stay held',
        },
      },
    ])
    const same = changed(first.doc)
    expect(withOverdueTold({ now: NOW }, { stuck: [stuck('a')] }, same)).toBe(same)
    const second = look(['b', 'a'], first.doc)
    expect(second.doc.overdue).toEqual(['b', 'a'])
    expect(JSON.stringify(second.tellings)).toMatch(/node b/)
    expect(JSON.stringify(second.tellings)).not.toMatch(/node a/)
    const over = look(['b'], second.doc)
    expect([over.doc.overdue, over.tellings]).toEqual([['b'], []])
    expect(look([], over.doc).doc).not.toHaveProperty('overdue')
  })

  it('are remembered up to a bound: of more at once a person looks anyway', () => {
    const many = Array.from({ length: 40 }, (_, index) => `p${index}`)
    const { doc } = look(many)
    expect(doc.overdue).toHaveLength(16)
    expect(look(many, doc).tellings).toEqual([])
  })
})
