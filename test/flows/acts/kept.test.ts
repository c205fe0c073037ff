import { describe, expect, it } from 'vitest'
import type { LaneDocument } from '../../../core/lane/document.ts'
import type { ResultRow } from '../../../core/rows.ts'
import { keptOf } from '../../../flows/acts/kept.ts'
import { UNPINNED } from '../../../flows/pins.ts'
import type { ObjectHead, Objects, WorkPorts } from '../../../flows/ports.ts'

const head: ObjectHead = { size: 3, versionId: null, lastModified: 5000, etag: 'e', sha256: null }
/** What stages have made, as many as a pipeline may have, with as many artifacts each as a result may name. */
const rowsOf = (pin: string): Map<string, ResultRow> =>
  new Map(
    Array.from({ length: 24 }, (_, n): [string, ResultRow] => {
      const names = Array.from({ length: 32 }, (_, a) => `a${a}`)
      const row = {
        row: `r${n}`,
        key: `k${n}`,
        made: { result: { bucket: 'b', key: `r/${n}/result.json` } },
        etag: 'e',
        by: 'file',
        values: Object.fromEntries(names.map((name) => [name, `s3://b/r/${n}/${name}`])),
        pins: Object.fromEntries(names.map((name) => [name, pin])),
      }
      return [`pipeline/p#r${n}`, row as unknown as ResultRow]
    }),
  )
/** A bucket in which each artifact has so many pages of objects, and what was asked of it; far more than an act may ask it answers with nothing. */
const bucket = (pagesOf: number, each = 1000) => {
  const asked = { lists: 0, heads: 0 }
  const seen = new Map<string, number>()
  const objects = {
    head: async () => {
      asked.heads++
      return head
    },
    list: async (_: string, prefix: string) => {
      asked.lists++
      const at = prefix.replace(/\/$/, '')
      const page = seen.get(at) ?? 0
      seen.set(at, page + 1)
      return page < pagesOf && asked.lists < 500
        ? Array.from({ length: each }, (_, n) => ({ key: `${at}/${page}-${n}`, head }))
        : []
    },
  } as unknown as Objects
  return { objects, asked }
}
const kept = async (pin: string, objects: Objects) => {
  const rows = rowsOf(pin)
  const ledger = {
    read: async (keys: { id: string }[]) => keys.map(({ id }) => ({ id, revision: 1, value: rows.get(id) })),
  } as unknown as WorkPorts['ledger']
  const doc = { lane: 'pipeline/p', kept: [...rows.values()].map(({ row, key }) => ({ step: row, key, row })) }
  const ports = { ledger, objects } as unknown as WorkPorts
  return Object.keys(await keptOf(ports, doc as unknown as LaneDocument))
}

describe('what an attempt carries over', () => {
  it('is looked at within what one act may ask, and kept where that is not enough', async () => {
    const { objects, asked } = bucket(1000)
    expect(await kept('sha256:0', objects)).toHaveLength(24)
    expect(asked.lists).toBeLessThanOrEqual(200 + 32)
    const small = bucket(1, 100)
    await kept('sha256:0', small.objects)
    expect(small.asked.heads).toBeLessThanOrEqual(3200 + 24)
  })

  it('and could not be pinned needs one page each to be there', async () => {
    const there = bucket(1000)
    expect(await kept(UNPINNED, there.objects)).toHaveLength(24)
    expect(there.asked.lists).toBeLessThanOrEqual(200 + 32)
    expect(await kept(UNPINNED, bucket(0).objects)).toEqual([])
  })
})
