import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RowKind } from '../../core/rows.ts'
import { HEAVIEST, type Key, type Ledger, OWNED, type Stored, type Write, weightOf } from '../../flows/ledger-port.ts'
import { blank, commits, inTime, keyOf, NAMES, onPaper, seen } from './ledger-on-paper.ts'
import { add, digits, due, many, moment, put, putOf, row } from './ledger-writes.ts'

/** What every ledger promises: rows with revisions, guarded sums, due rows, all-or-nothing commits, a timeline and counters. */
export const ledgerContract = (name: string, open: () => Promise<{ ledger: Ledger; close(): Promise<void> }>): void =>
  void describe(`${name} as a ledger`, () => {
    let opened: Awaited<ReturnType<typeof open>>
    let ledger: Ledger
    beforeEach(async () => {
      opened = await open()
      ledger = opened.ledger
    })
    afterEach(() => opened.close())

    const get = async <K extends RowKind>(kind: K, id: string) => (await ledger.read([{ kind, id }]))[0]
    const by = async (id: string, kind: 'freeze' | 'hold' = 'freeze') =>
      ((await get(kind, id)) as Stored<'freeze'> | null)?.value.by
    const sum = async (id: string) => (await get('sum', id))?.value.n ?? 0
    const done = async (...writes: Write[]) => expect(await ledger.commit(writes)).toEqual({ ok: true })
    const refused = async (conflict: Key, ...writes: Write[]) =>
      expect(await ledger.commit(writes)).toEqual({ ok: false, conflict })
    const listed = async (...of: Parameters<Ledger['list']>) => (await ledger.list(...of)).map(({ id }) => id)
    const dueAt = async (...of: Parameters<Ledger['due']>) =>
      (await ledger.due(...of)).map(({ group, by, at }) => `${at} ${group} ${by}`)

    describe('rows', () => {
      it('are read as they were put, and null where there is none', async () => {
        expect(await ledger.read([])).toEqual([])
        expect(await get('freeze', 'a')).toBeNull()
        await done(put('a', 0))
        expect(await get('freeze', 'a')).toEqual({ id: 'a', revision: 1, value: row('ana') })
        expect(await get('lane', 'a')).toBeNull()
      })

      it('are read many at once, in the order of the keys, with null for those that are not there', async () => {
        await done(put('a', 0, 'ana'), put('b', 0, 'ben'), putOf('hold', 'p#a', 0, 'cleo'), add('p', 3))
        const keys = [
          { kind: 'hold', id: 'p#a' },
          { kind: 'freeze', id: 'b' },
          { kind: 'freeze', id: 'nobody' },
          { kind: 'sum', id: 'p' },
          { kind: 'sum', id: 'nothing' },
          { kind: 'freeze', id: 'a' },
          { kind: 'freeze', id: 'b' },
        ] as const
        const read = await ledger.read(keys)
        expect(read.map((stored) => stored?.value ?? null)).toEqual([
          row('cleo'),
          row('ben'),
          null,
          { n: 3 },
          null,
          row('ana'),
          row('ben'),
        ])
        expect(read.map((stored) => stored?.id)).toEqual(['p#a', 'b', undefined, 'p', undefined, 'a', 'b'])
      })

      it('are read a hundred at once, and never more', async () => {
        const keys = many(101, (n) => ({ kind: 'freeze', id: digits(n) }) as const)
        await done(...keys.slice(0, 100).map(({ id }) => put(id, 0, id)))
        const read = await ledger.read(keys.slice(0, 100).toReversed())
        expect(read.map((stored) => stored?.value.by)).toEqual(many(100, digits).toReversed())
        await expect(ledger.read(keys)).rejects.toThrow(RangeError)
      })

      it('take a write only at the revision that was read', async () => {
        const key: Key = { kind: 'freeze', id: 'a' }
        await done(put('a', 0))
        await refused(key, put('a', 0, 'ben'))
        await refused(key, put('a', 2, 'ben'))
        await refused(key, { remove: 'freeze', id: 'a', revision: 2 })
        await refused(key, { check: 'freeze', id: 'a', revision: 0 })
        await refused({ kind: 'freeze', id: 'b' }, put('b', 1))
        await done(put('a', 1, 'ben'))
        expect(await get('freeze', 'a')).toEqual({ id: 'a', revision: 2, value: row('ben') })
      })

      it('are checked without being written', async () => {
        await done(put('a', 0), { check: 'freeze', id: 'b', revision: 0 })
        await done(put('b', 0), { check: 'freeze', id: 'a', revision: 1 })
        expect((await get('freeze', 'a'))?.revision).toBe(1)
        await refused({ kind: 'freeze', id: 'a' }, { check: 'freeze', id: 'a', revision: 2 })
      })

      it('have exactly one winner among fifty', async () => {
        const won = await Promise.all(many(50, (n) => ledger.commit([put('a', 0, String(n))])))
        expect(won.filter(({ ok }) => ok)).toHaveLength(1)
        expect(await by('a')).toBe(String(won.findIndex(({ ok }) => ok)))
      })

      it.each(['freeze', 'past', 'plan'] as const)(
        'of the kind %s never have a revision again, though removed and made anew',
        async (kind) => {
          const seen: number[] = []
          for (let round = 0; round < 3; round++) {
            await done(putOf(kind, 'p#a'))
            seen.push((await get(kind, 'p#a'))?.revision ?? 0)
            await done(putOf(kind, 'p#a', seen.at(-1)))
            seen.push((await get(kind, 'p#a'))?.revision ?? 0)
            await done({ remove: kind, id: 'p#a', revision: seen.at(-1) ?? 0 })
            expect(await get(kind, 'p#a')).toBeNull()
            await refused({ kind, id: 'p#a' }, putOf(kind, 'p#a', seen.at(-1)))
          }
          expect(seen[0]).toBe(1)
          expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b))
        },
      )

      it.each(['look', 'order', 'out', 'hold', 'line', 'contribution'] as const)(
        'of the kind %s are gone once removed',
        async (kind) => {
          await done(putOf(kind, 'a#1'), putOf(kind, 'a#2'))
          await done({ remove: kind, id: 'a#1', revision: 1 })
          expect(await get(kind, 'a#1')).toBeNull()
          expect(await listed(kind, { prefix: 'a#' })).toEqual(['a#2'])
          await refused({ kind, id: 'a#1' }, { remove: kind, id: 'a#1', revision: 1 })
        },
      )

      it('keep every sign of their ids and values', async () => {
        const ids = ['ä/日本', '😀', '\u{10FFFF}', "it's", '%_', 'a b', '"q"', '-']
        for (const id of ids) await done(put(id, 0, `${id}\0\ud800\n`))
        const read = await ledger.read(ids.map((id) => ({ kind: 'freeze', id })))
        expect(read).toEqual(ids.map((id) => ({ id, revision: 1, value: row(`${id}\0\ud800\n`) })))
      })

      it('share nothing with whoever wrote or read them', async () => {
        const value = row('ana')
        const data = { text: 'm' }
        const told = { at: 1, lane: 'l', generation: null, attempt: null, kind: 'note' as const, text: 'm', data }
        await done({ put: 'freeze', id: 'a', revision: 0, value }, { moment: told }, add('s', 1), due('g', { at: 1 }))
        value.by = 'eve'
        data.text = 'x'
        for (const stored of [await get('freeze', 'a'), ...(await ledger.list('freeze'))]) {
          expect(stored?.value.by).toBe('ana')
          // Values may be such that nobody can change them.
          Reflect.set(stored?.value ?? {}, 'by', 'eve')
        }
        Object.assign((await get('sum', 's'))?.value ?? {}, { n: 9 })
        Object.assign((await ledger.due(1))[0] ?? {}, { at: 9 })
        expect((await ledger.moments('l'))[0]?.data).toEqual({ text: 'm' })
        Object.assign((await ledger.moments('l'))[0]?.data ?? {}, { text: 'x' })
        expect((await ledger.moments('l'))[0]?.data).toEqual({ text: 'm' })
        expect([await by('a'), await sum('s'), await dueAt(1)]).toEqual(['ana', 1, ['1 g lane']])
      })
    })

    describe('a commit', () => {
      it('writes nothing at all when one row or bound does not hold, wherever it stands', async () => {
        await done(put('a', 0), add('full', 4, 4), due('old', { at: 5 }))
        const rest = [
          put('b', 0),
          { remove: 'freeze', id: 'a', revision: 1 } as Write,
          add('s', 1),
          due('g', { at: 1 }),
          due('old', { at: null, was: 5 }),
          moment('no'),
          { count: 'c', by: 1 },
        ]
        const lost: Key = { kind: 'hold', id: 'p#l' }
        await refused(lost, ...rest, { check: 'hold', id: 'p#l', revision: 9 })
        await refused(lost, putOf('hold', 'p#l', 9), ...rest)
        await refused({ kind: 'sum', id: 'full' }, ...rest, add('full', 1, 4))
        expect([await by('a'), await get('freeze', 'b'), await sum('s')]).toEqual(['ana', null, 0])
        expect([await dueAt(9), await ledger.moments(null), await ledger.counts()]).toEqual([['5 old lane'], [], {}])
      })

      it('names the first that did not hold', async () => {
        const [row, bound]: [Write, Write] = [{ check: 'freeze', id: 'a', revision: 1 }, add('s', 1, 0)]
        await refused({ kind: 'freeze', id: 'a' }, put('b', 0), row, bound)
        await refused({ kind: 'sum', id: 's' }, put('b', 0), bound, row)
      })

      it('of nothing is done', () => done())

      it('weighs at most what one transaction takes, and is refused whole', async () => {
        const moments = many(48, (n) => moment(`m${n}`))
        const writes = [...moments, due('g', { at: 2, was: 1 }), put('a', 0), add('s', 1)]
        expect(writes.reduce((weight, write) => weight + weightOf(write), 0)).toBe(HEAVIEST)
        await expect(ledger.commit([...writes, { count: 'c', by: 1 }])).rejects.toThrow(RangeError)
        expect([await get('freeze', 'a'), await sum('s'), await dueAt(9)]).toEqual([null, 0, []])
        await done(...writes)
        await done(...many(HEAVIEST, (n) => put(`row ${n}`, 0)))
        await expect(ledger.commit(many(HEAVIEST + 1, (n) => put(String(n), 0)))).rejects.toThrow(RangeError)
      })

      it('names each row, sum and due row once', async () => {
        const twice: [Write, Write][] = [
          [put('a', 0), { check: 'freeze', id: 'a', revision: 0 }],
          [put('a', 0), { remove: 'freeze', id: 'a', revision: 0 }],
          [add('s', 1), add('s', 2)],
          [due('g', { at: 1 }), due('g', { at: 2 })],
        ]
        for (const writes of twice) await expect(ledger.commit(writes)).rejects.toThrow(RangeError)
        expect([await get('freeze', 'a'), await sum('s'), await dueAt(9)]).toEqual([null, 0, []])
        await done(put('a', 0), putOf('name', 'a'), add('a', 1), due('a', { at: 1 }), due('a', { at: 1, by: 'x' }))
        await done(due('b c', { at: 1, by: 'd' }), due('b', { at: 1, by: 'c d' }))
      })
    })

    describe('a listing', () => {
      it('goes by id, with prefix, limit, after and in reverse', async () => {
        for (const id of ['b', 'a2', 'é', 'a1', 'a%', 'a']) await done(put(id, 0))
        expect(await listed('freeze')).toEqual(['a', 'a%', 'a1', 'a2', 'b', 'é'])
        expect(await listed('freeze', { prefix: 'a' })).toEqual(['a', 'a%', 'a1', 'a2'])
        expect(await listed('freeze', { prefix: 'a%' })).toEqual(['a%'])
        expect(await listed('freeze', { after: 'a' })).toEqual(['a%', 'a1', 'a2', 'b', 'é'])
        expect(await listed('freeze', { limit: 2, after: 'a%' })).toEqual(['a1', 'a2'])
        expect(await listed('freeze', { limit: 2, after: 'a0' })).toEqual(['a1', 'a2'])
        expect(await listed('freeze', { reverse: true })).toEqual(['é', 'b', 'a2', 'a1', 'a%', 'a'])
        expect(await listed('freeze', { limit: 2, reverse: true, after: 'b' })).toEqual(['a2', 'a1'])
        expect(await listed('freeze', { prefix: 'a', after: 'a2' })).toEqual([])
        expect(await listed('freeze', { prefix: 'a', reverse: true, after: 'a1' })).toEqual(['a%', 'a'])
        expect(await listed('freeze', { prefix: 'a', reverse: true, after: 'é', limit: 1 })).toEqual(['a2'])
        expect(await listed('freeze', { prefix: 'b', after: 'a' })).toEqual(['b'])
        expect(await listed('side')).toEqual([])
      })

      it('goes by the bytes of ids, whatever they are', async () => {
        const ids = ['a', 'aé', 'a日', 'a\uffee', 'a😀', 'a\u{10FFFF}', 'a\u{10FFFF}b']
        for (const id of ids.toReversed()) await done(put(id, 0))
        expect(await listed('freeze', { prefix: 'a' })).toEqual(ids)
        expect(await listed('freeze', { after: 'a\uffee' })).toEqual(ids.slice(4))
        expect(await listed('freeze', { after: 'a😀', reverse: true })).toEqual(ids.slice(0, 4).toReversed())
      })

      it('has a hundred rows unless told, and gives rows as reading does', async () => {
        await done(...many(100, (n) => put(digits(n), 0)))
        await done(put('later', 0), put('0000', 1, 'ben'))
        expect(await listed('freeze')).toEqual(many(100, digits))
        expect(await listed('freeze', { limit: 1000 })).toHaveLength(101)
        expect((await ledger.list('freeze', { limit: 1 }))[0]).toEqual(await get('freeze', '0000'))
      })

      it.each([...OWNED])('of the kind %s is of one owner', async (kind) => {
        for (const id of ['a#2', 'a#1', 'ab#1', 'a/b#1', 'b#1', 'a"#1']) await done(putOf(kind, id))
        expect(await listed(kind, { prefix: 'a#' })).toEqual(['a#1', 'a#2'])
        expect(await listed(kind, { prefix: 'ab#' })).toEqual(['ab#1'])
        expect(await listed(kind, { prefix: 'a#', reverse: true, limit: 1 })).toEqual(['a#2'])
        expect(await listed(kind, { prefix: 'a#', after: 'a#1' })).toEqual(['a#2'])
        expect(await listed(kind, { prefix: 'c#' })).toEqual([])
        for (const page of [undefined, {}, { prefix: '' }, { prefix: 'a' }, { after: 'a#1' }])
          await expect(ledger.list(kind, page)).rejects.toThrow(RangeError)
      })

      it.each(['lane', 'plan', 'sum'] as const)('of the kind %s is refused', async (kind) => {
        await expect(ledger.list(kind)).rejects.toThrow(RangeError)
        await expect(ledger.list(kind, { prefix: 'a#' })).rejects.toThrow(RangeError)
      })

      it('names every lane that has a document, page by page', async () => {
        const names = many(1005, (n) => `pipeline/${digits(n)}`)
        for (let at = 0; at < names.length; at += 50)
          await done(...names.slice(at, at + 50).map((id) => putOf('lane', id)))
        await done(putOf('plan', 'pipeline/0000'), putOf('name', 'other'), putOf('lane', 'pipeline/0001', 1))
        expect(await ledger.lanes()).toEqual(names.slice(0, 1000))
        expect(await ledger.lanes({ after: names[999] })).toEqual(names.slice(1000))
        expect(await ledger.lanes({ after: 'pipeline/0001', limit: 2 })).toEqual(names.slice(2, 4))
        expect(await ledger.lanes({ after: 'q' })).toEqual([])
        await done({ remove: 'lane', id: names[1] as string, revision: 2 })
        expect(await ledger.lanes({ limit: 2 })).toEqual([names[0], names[2]])
      })
    })

    describe('a sum', () => {
      it('adds up, and is 0 before anything was added', async () => {
        await done(add('s', 3), add('t', -2))
        await done(add('s', 4))
        expect([await sum('s'), await sum('t'), await sum('u')]).toEqual([7, -2, 0])
        await done(add('s', -7), add('t', 2))
        expect([await sum('s'), await sum('t')]).toEqual([0, 0])
        await done(add('s', 1))
        expect(await sum('s')).toBe(1)
      })

      it('stays within both bounds, which are inclusive', async () => {
        const key: Key = { kind: 'sum', id: 's' }
        await refused(key, add('s', 5, 4))
        await refused(key, add('s', -1, null, 0))
        await refused(key, add('s', 1, null, 2))
        await done(add('s', 4, 4, 0))
        await refused(key, add('s', 1, 4, 0))
        await refused(key, add('s', -5, 4, 0))
        // Both hold for what it is afterwards, whichever way it goes.
        await refused(key, add('s', 0, 3))
        await refused(key, add('s', -1, 2))
        await done(add('s', -2, 2, 2))
        await done(add('s', 0, 2, 2))
        await done(add('s', -2, 4, 0))
        expect(await sum('s')).toBe(0)
      })

      it('lets no more in than there is room for, though many come at once', async () => {
        const came = await Promise.all(
          many(20, (n) => ledger.commit([putOf('hold', `p#${n}`), add('p', 2, 7, 0), moment(`held ${n}`)])),
        )
        expect(came.filter(({ ok }) => ok)).toHaveLength(3)
        expect(came.filter((answer) => !answer.ok && answer.conflict.kind === 'sum')).toHaveLength(17)
        expect(await sum('p')).toBe(6)
        expect(await listed('hold', { prefix: 'p#' })).toHaveLength(3)
        expect(await ledger.moments(null)).toHaveLength(3)
      })

      it('is what was accepted and within its bounds, in whatever order many add', async () => {
        let space = 0
        const adders = fc.array(fc.array(fc.integer({ min: -4, max: 6 }), { maxLength: 5 }), { maxLength: 6 })
        await fc.assert(
          fc.asyncProperty(fc.scheduler(), adders, async (order, adders) => {
            const id = `s${++space}`
            let accepted = 0
            const adding = adders.map(async (numbers) => {
              for (const n of numbers) {
                await order.schedule(Promise.resolve())
                const { ok } = await ledger.commit([add(id, n, 10, -3)])
                if (ok) accepted += n
                const seen = await sum(id)
                expect(seen >= -3 && seen <= 10).toBe(true)
              }
            })
            await order.waitFor(Promise.all(adding))
            expect(await sum(id)).toBe(accepted)
          }),
          { numRuns: 30 },
        )
      })
    })

    describe('what is due', () => {
      it('is told with the oldest first, then by group, up to that time and limit', async () => {
        await done(due('c', { at: 20 }), due('b', { at: 30 }), due('ab', { at: 10 }), due('a', { at: 20 }))
        await done(due('later', { at: 31, side: 'chat' }), due('out/a', { at: 20 }))
        const all = ['10 ab lane', '20 a lane', '20 c lane', '20 out/a lane', '30 b lane']
        expect(await dueAt(30)).toEqual(all)
        expect(await dueAt(30, { limit: 2 })).toEqual(all.slice(0, 2))
        expect(await dueAt(29)).toEqual(all.slice(0, 4))
        expect(await dueAt(9)).toEqual([])
        expect(await dueAt(30, { after: 10 })).toEqual(all.slice(1))
        expect(await dueAt(30, { after: 19, limit: 1 })).toEqual(all.slice(1, 2))
        expect(await dueAt(31, { after: 20, side: 'chat' })).toEqual(['31 later lane'])
        expect([await dueAt(30, { after: 30 }), await dueAt(30, { after: 99 })]).toEqual([[], []])
        expect(await ledger.due(31, { side: 'chat' })).toEqual([{ group: 'later', by: 'lane', at: 31, side: 'chat' }])
      })

      it('is moved and taken away', async () => {
        await done(due('a', { at: 20, side: 'chat' }), due('b', { at: 30 }))
        await done(due('a', { at: 40, was: 20, side: 'bus' }), due('b', { at: 10, was: 30 }))
        expect(await dueAt(99)).toEqual(['10 b lane', '40 a lane'])
        await done(due('a', { at: 40, was: 40, side: null }), due('b', { at: null, was: 10 }))
        expect(await ledger.due(99)).toEqual([{ group: 'a', by: 'lane', at: 40, side: null }])
        await done(due('a', { at: null, was: 40 }), due('never', { at: null }))
        expect(await ledger.due(99)).toEqual([])
        await done(due('a', { at: 20 }))
        expect(await dueAt(99)).toEqual(['20 a lane'])
      })

      it('may be several rows of one group, each on its own', async () => {
        await done(due('a', { at: 20 }), due('a', { at: 10, by: 'letter 1' }), due('a', { at: 20, by: 'letter 2' }))
        expect((await dueAt(20)).sort()).toEqual(['10 a letter 1', '20 a lane', '20 a letter 2'])
        await done(due('a', { at: null, was: 10, by: 'letter 1' }), due('a', { at: 30, was: 20 }))
        expect(await dueAt(99)).toEqual(['20 a letter 2', '30 a lane'])
      })

      it('is told of one far side alone when it is named', async () => {
        await done(...many(6, (n) => due(`g${n}`, { at: 10 - n, side: ['chat', 'bus', null][n % 3] })))
        expect(await dueAt(99, { side: 'chat' })).toEqual(['7 g3 lane', '10 g0 lane'])
        expect(await dueAt(9, { side: 'chat' })).toEqual(['7 g3 lane'])
        expect(await dueAt(99, { side: 'bus', limit: 1 })).toEqual(['6 g4 lane'])
        expect(await dueAt(99, { side: 'registry' })).toEqual([])
        expect(await dueAt(99)).toHaveLength(6)
      })

      it('has a hundred rows unless told', async () => {
        for (const part of [0, 1]) await done(...many(60, (n) => due(`g${digits(part * 60 + n)}`, { at: 5 })))
        expect(await dueAt(5)).toEqual(many(100, (n) => `5 g${digits(n)} lane`))
        expect(await dueAt(5, { limit: 1000 })).toHaveLength(120)
      })
    })

    describe('what was told', () => {
      it('is the timeline of a lane and of all, newest first, page by page', async () => {
        for (let n = 0; n < 5; n++) await done(moment(`m${n}`, n % 2 ? 'odd' : 'even'))
        const texts = async (...of: Parameters<Ledger['moments']>) =>
          (await ledger.moments(...of)).map(({ text }) => text)
        expect(await texts('odd')).toEqual(['m3', 'm1'])
        expect(await texts('nobody')).toEqual([])
        const [first, second] = await ledger.moments(null, { limit: 2 })
        expect([first?.text, second?.text]).toEqual(['m4', 'm3'])
        expect(await texts(null, { before: second?.id })).toEqual(['m2', 'm1', 'm0'])
        expect(await texts('even', { before: first?.id, limit: 1 })).toEqual(['m2'])
      })

      it('stands in the order of its commit, a hundred moments unless told', async () => {
        for (const part of [0, 1, 2]) await done(...many(40, (n) => moment(digits(part * 40 + n))))
        const told = await ledger.moments('l')
        expect(told.map(({ text }) => text)).toEqual(many(100, (n) => digits(119 - n)))
        const ids = told.map(({ id }) => id)
        expect(ids).toEqual([...new Set(ids)].sort().toReversed())
        expect(told[0]).toEqual({ id: ids[0], ...(moment('0119') as { moment: object }).moment })
      })

      it('is counted', async () => {
        expect(await ledger.counts()).toEqual({})
        await done({ count: 'refused:x', by: 1 }, { count: 'ä', by: 1 })
        await done({ count: 'refused:x', by: 2 }, { count: 'refused:x', by: 3 })
        expect(await ledger.counts()).toEqual({ 'refused:x': 6, ä: 1 })
      })
    })

    it('any history of commits is what the same history on paper is', async () => {
      let space = 0
      await fc.assert(
        fc.asyncProperty(fc.array(commits, { maxLength: 25 }), async (history) => {
          const mine = `${++space}`
          const paper = blank()
          for (const steps of history) {
            const { writes, answer } = onPaper(paper, steps, mine)
            expect(await ledger.commit(writes)).toEqual(answer)
            const read = await ledger.read(NAMES.map(({ kind, name }) => ({ kind, id: `${mine}#${name}` })))
            NAMES.forEach((key, n) => {
              seen(paper, key, read[n] as Stored<'freeze'> | null)
            })
            expect([await sum(`${mine}#p`), await sum(`${mine}#q`)]).toEqual([paper.sums.p, paper.sums.q])
          }
          for (const kind of ['freeze', 'past'] as const)
            expect(await listed(kind, { prefix: `${mine}#` })).toEqual(
              NAMES.filter((key) => key.kind === kind && paper.rows.has(keyOf(key))).map(
                ({ name }) => `${mine}#${name}`,
              ),
            )
          for (const until of [5, 9]) {
            const told = await ledger.due(until, { limit: 1000 })
            const own = told.filter(({ group }) => group.startsWith(`${mine}#`))
            const written = inTime([...paper.due.values()].filter(({ at }) => at <= until))
            expect(inTime(own)).toEqual(written)
            expect(own.map(({ at }) => at)).toEqual(written.map(({ at }) => at))
          }
        }),
        { numRuns: 40 },
      )
    })
  })
