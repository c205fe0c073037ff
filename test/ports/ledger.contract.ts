import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FreezeRow } from '../../core/rows.ts'
import type { Ledger, Write } from '../../flows/ports.ts'

const row = (by: string): FreezeRow => ({ lane: 'l', by, at: 1, until: 2 })
const put = (id: string, revision: number, by = 'ana'): Write => ({ put: 'freeze', id, revision, value: row(by) })
const moment = (text: string, lane = 'l'): Write => ({
  moment: { at: 1, lane, generation: null, attempt: null, kind: 'note', text },
})

/** What every ledger promises: documents with revisions, all-or-nothing commits, a timeline and counters. */
export const ledgerContract = (name: string, open: () => Promise<{ ledger: Ledger; close(): Promise<void> }>): void =>
  void describe(`${name} as a ledger`, () => {
    let opened: Awaited<ReturnType<typeof open>>
    let ledger: Ledger
    beforeEach(async () => {
      opened = await open()
      ledger = opened.ledger
    })
    afterEach(() => opened.close())

    it('reads what was put, and null for what was not', async () => {
      expect(await ledger.read('freeze', 'a')).toBeNull()
      expect(await ledger.commit([put('ä/日', 0)])).toEqual({ ok: true })
      expect(await ledger.read('freeze', 'ä/日')).toEqual({ id: 'ä/日', revision: 1, value: row('ana') })
      expect(await ledger.read('lane', 'ä/日')).toBeNull()
    })

    it('takes a write only at the revision that was read', async () => {
      await ledger.commit([put('a', 0)])
      expect(await ledger.commit([put('a', 0, 'ben')])).toEqual({ ok: false, conflict: { kind: 'freeze', id: 'a' } })
      expect(await ledger.commit([put('a', 1, 'ben')])).toEqual({ ok: true })
      expect((await ledger.read('freeze', 'a'))?.value.by).toBe('ben')
    })

    it('writes nothing at all when one row conflicts: no other row, no moment, no count', async () => {
      await ledger.commit([put('a', 0)])
      expect(
        (
          await ledger.commit([
            put('b', 0),
            moment('no'),
            { count: 'c', by: 1 },
            { check: 'freeze', id: 'a', revision: 9 },
          ])
        ).ok,
      ).toBe(false)
      expect(await ledger.read('freeze', 'b')).toBeNull()
      expect(await ledger.moments(null)).toEqual([])
      expect(await ledger.counts()).toEqual({})
    })

    it('has exactly one winner among fifty', async () => {
      const won = await Promise.all(Array.from({ length: 50 }, (_, n) => ledger.commit([put('a', 0, String(n))])))
      expect(won.filter(({ ok }) => ok)).toHaveLength(1)
    })

    it('never takes a revision again, also after a row was removed', async () => {
      await ledger.commit([put('a', 0)])
      await ledger.commit([{ remove: 'freeze', id: 'a', revision: 1 }])
      expect(await ledger.read('freeze', 'a')).toBeNull()
      await ledger.commit([put('a', 0)])
      expect((await ledger.read('freeze', 'a'))?.revision).toBeGreaterThan(2)
    })

    it('refuses more than 25 writes, and a row that is named twice', async () => {
      await expect(ledger.commit(Array.from({ length: 26 }, (_, n) => put(String(n), 0)))).rejects.toThrow(RangeError)
      await expect(ledger.commit([put('a', 0), { check: 'freeze', id: 'a', revision: 0 }])).rejects.toThrow(RangeError)
    })

    it('lists by id, with prefix, limit, after and in reverse', async () => {
      for (const id of ['b', 'a2', 'é', 'a1', 'a%']) await ledger.commit([put(id, 0)])
      const ids = async (page?: Parameters<Ledger['list']>[1]) =>
        (await ledger.list('freeze', page)).map(({ id }) => id)
      expect(await ids()).toEqual(['a%', 'a1', 'a2', 'b', 'é'])
      expect(await ids({ prefix: 'a' })).toEqual(['a%', 'a1', 'a2'])
      expect(await ids({ prefix: 'a%' })).toEqual(['a%'])
      expect(await ids({ limit: 2, after: 'a%' })).toEqual(['a1', 'a2'])
      expect(await ids({ limit: 2, reverse: true, after: 'b' })).toEqual(['a2', 'a1'])
    })

    it('keeps the timeline of a lane and of all, newest first, page by page', async () => {
      for (let n = 0; n < 5; n++) await ledger.commit([moment(`m${n}`, n % 2 ? 'odd' : 'even')])
      expect((await ledger.moments('odd')).map(({ text }) => text)).toEqual(['m3', 'm1'])
      const [first, second] = await ledger.moments(null, { limit: 2 })
      expect([first?.text, second?.text]).toEqual(['m4', 'm3'])
      expect((await ledger.moments(null, { before: second?.id ?? '' })).map(({ text }) => text)).toEqual([
        'm2',
        'm1',
        'm0',
      ])
    })

    it('adds up counters', async () => {
      await ledger.commit([{ count: 'refused:x', by: 1 }])
      await ledger.commit([{ count: 'refused:x', by: 2 }])
      expect(await ledger.counts()).toEqual({ 'refused:x': 3 })
    })

    it('any history of commits is what the same history in memory is', async () => {
      const step = fc.record({
        id: fc.constantFrom('x', 'y', 'z'),
        stale: fc.boolean(),
        remove: fc.boolean(),
        by: fc.string(),
      })
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.uuid(), async (steps, space) => {
          const model = new Map<string, string>()
          for (const { id, stale, remove, by } of steps) {
            const at = `${space}/${id}`
            const revision = ((await ledger.read('freeze', at))?.revision ?? 0) + (stale ? 1 : 0)
            const { ok } = await ledger.commit([
              remove ? { remove: 'freeze', id: at, revision } : put(at, revision, by),
            ])
            expect(ok).toBe(!stale)
            if (ok && remove) model.delete(at)
            else if (ok) model.set(at, by)
          }
          expect(
            new Map((await ledger.list('freeze', { prefix: space })).map(({ id, value }) => [id, value.by])),
          ).toEqual(new Map([...model].sort()))
        }),
        { numRuns: 30 },
      )
    })
  })
