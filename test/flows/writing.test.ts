import { expect, it } from 'vitest'
import { changed, joined } from '../../core/lane/change.ts'
import type { LaneDocument } from '../../core/lane/document.ts'
import { spentSum } from '../../core/lane/room.ts'
import type { Write } from '../../flows/ledger-port.ts'
import type { Loaded } from '../../flows/view.ts'
import { rowKey } from '../../flows/view-rows.ts'
import { writesOf } from '../../flows/writing.ts'
import { docOf, HOUR, lookLetter, NOW, policyWith, running, runOf, viewOf, wanted } from '../core/lane/fixture.ts'
import { emptyWorld } from '../core/training-fixture.ts'
import { seeded } from '../real/proxy.ts'

it('a letter that one change of a commit puts off and the next one answers goes as it was read', () => {
  const letter = lookLetter({ id: 'l1', due: NOW })
  const doc = wanted()
  const view = viewOf({ doc, letters: [letter] })
  const id = `${letter.lane}#${letter.id}`
  const rows: Loaded['rows'] = new Map([[rowKey('look', id), { id, revision: 3, value: letter } as never]])
  const late = { ...letter, due: NOW + HOUR }
  const made = { ...late, id: 'l2' }
  const change = joined(changed(doc, { later: [late, made] }), changed(doc, { removed: [late, made] }))
  const writes = writesOf({ view, rows } as Loaded, { doc, revision: 7 }, change)
  const about = writes.filter((write) => 'due' in write || ('remove' in write && write.remove === 'look'))
  expect(about).toEqual([
    { remove: 'look', id, revision: 3 },
    { due: { group: letter.lane, by: 'l1' }, at: null, was: NOW, side: null },
  ])
  // What was never written is not taken away.
  expect(JSON.stringify(writes)).not.toContain('l2')
})

it('whatever others begin and end meanwhile, what is held and what was spent of a budget are never more than it has', () => {
  const room = 'budget/ml-monthly'
  const policy = policyWith((config) => {
    config.budget.dollars = 1000
  })
  const random = seeded(11)
  const cents = (most: number): number => Math.floor(random() * most)
  const hold = { gpus: {}, dollars: 200, budget: 'ml-monthly' }
  let [begun, refused] = [0, 0]
  for (let n = 0; n < 2000; n++) {
    const [spent, held] = [cents(70_000), cents(30_000)]
    const world = emptyWorld({ dollars: { spent: spent / 100, held: held / 100 } })
    const view = viewOf({ policy, world, doc: docOf() })
    const change = changed(docOf({ run: runOf({ hold } as never) }), { guard: { [room]: 100_000 - spent } })
    const writes = writesOf({ view, rows: new Map() } as Loaded, { doc: view.doc, revision: 1 }, change)
    const bound = (name: string) => writes.find((write) => 'add' in write && write.add === name) as Bounded
    const [holds, spends] = [bound(room), bound(spentSum('ml-monthly', view.now))]
    // Somebody else's run ends, which has cost a part of what it held; and somebody else begins.
    const ends = cents(held + 1)
    const now = { spent: spent + cents(ends + 1), held: held - ends + (n % 2 === 0 ? cents(20_000) : 0) }
    const passes = now.held + holds.by <= holds.atMost && now.spent + spends.by <= spends.atMost
    if (passes) begun++
    else refused++
    if (passes) expect(now.spent + now.held + 20_000).toBeLessThanOrEqual(100_000)
    // Where nothing came between it begins, to the last cent.
    expect(held + holds.by <= holds.atMost && spent + spends.by <= spends.atMost).toBe(spent + held + 20_000 <= 100_000)
  }
  expect(Math.min(begun, refused)).toBeGreaterThan(200)
})

type Bounded = Extract<Write, { add: string }> & { atMost: number }

it('who begins does so only while what asks, or caps, is as it was read; and pools are capped at no less than is held', () => {
  const ladder = [
    { at: 0.5, do: 'notify' },
    { at: 0.8, do: 'ask-always' },
    { at: 0.9, do: 'cap-pools' },
  ] as const
  const policy = policyWith((config) => {
    config.budget = { name: 'ml-monthly', dollars: 1000, ladder: [...ladder] }
  })
  const before = wanted({ run: runOf() })
  const view = viewOf({ doc: before, policy })
  const loaded = { view, rows: new Map() } as unknown as Loaded
  const begun = wanted({ run: runOf({ phase: 'steps', steps: [running()] }) })
  const checked = writesOf(loaded, { doc: before, revision: 7 }, changed(begun)).flatMap((write) =>
    'check' in write && write.check === 'rung' ? [write.id] : [],
  )
  expect(checked).toEqual(['budget/ml-monthly#ask-always', 'budget/ml-monthly#cap-pools'])
  const row = { lane: 'budget/ml-monthly', name: 'cap-pools', at: 0.9, since: NOW, until: NOW + HOUR }
  const cap = { ...row, spent: 900, dollars: 1000, saves: 0, caps: { 'gpu-train': 8, 'gpu-gone': 8 } }
  const capping = writesOf(
    loaded,
    { doc: before, revision: 7 },
    changed(before, { rungs: [{ row: cap, gone: false }] }),
  )
  const bounds = capping.filter((write) => 'add' in write && write.add.startsWith('pool/'))
  expect(bounds).toEqual([{ add: 'pool/gpu-train', by: 0, atMost: 8, atLeast: null }])
})

it('who rests on a rung, and who begins, does so only while the rung is as it was read; others do not ask', () => {
  const policy = policyWith((config) => {
    config.budget = { name: 'ml-monthly', dollars: 1000, ladder: [{ at: 0.9, do: 'no-new-runs' }] }
  })
  const id = 'budget/ml-monthly#no-new-runs'
  const rows: Loaded['rows'] = new Map([[rowKey('rung', id), { id, revision: 4, value: {} } as never]])
  const checks = (doc: LaneDocument, given = policy) => {
    const before = wanted({ run: runOf() })
    const view = viewOf({ doc: before, policy: given })
    const writes = writesOf({ view, rows } as Loaded, { doc: before, revision: 7 }, changed(doc))
    return writes.filter((write) => 'check' in write && write.check === 'rung')
  }
  const resting = { why: 'rung', text: '', since: NOW, until: null, side: null, tries: 1 } as const
  const check = [{ check: 'rung', id, revision: 4 }]
  expect(checks(wanted({ run: runOf(), rest: resting }))).toEqual(check)
  expect(checks(wanted({ run: runOf({ phase: 'steps', steps: [running()] }) }))).toEqual(check)
  expect(checks(wanted({ run: runOf(), rest: { ...resting, why: 'asked' } }))).toEqual([])
  expect(checks(wanted({ run: runOf(), rest: resting }), policyWith())).toEqual([])
})
