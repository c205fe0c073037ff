import { DatabaseSync } from 'node:sqlite'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { resultId } from '../../core/rows.ts'
import { HUNDRED } from '../../flows/claim.ts'
import type { Write } from '../../flows/ledger-port.ts'
import { readRow } from '../../flows/rows.ts'
import { whyOf } from '../../flows/why.ts'
import { CATALOGUES } from '../../functions/door.ts'
import { openStores } from '../../local/stores.ts'
import { everyJob, jobsOf, looseEnds, say, TRAIN, trainedUntil, upload, versionsOf } from './scenes.ts'
import { type TornLife, tornLife } from './tearing.ts'
import { openTown, type Town } from './town.ts'

const putOver = (ledger: DatabaseSync, backup: Uint8Array): void => {
  const old = new DatabaseSync(':memory:')
  old.deserialize(backup)
  for (const table of ['rows', 'sums', 'due'])
    for (const row of old.prepare(`SELECT * FROM ${table}`).all()) {
      const values = Object.values(row)
      ledger.prepare(`INSERT OR REPLACE INTO ${table} VALUES (${values.map(() => '?').join()})`).run(...values)
    }
}

/** A few of each sort; `test/slow/crash.ts` tears every row of every commit. */
describe('a restore that tore a commit ends as the one that tore none: no step twice, no version twice, no lane stuck', () => {
  let life: TornLife
  beforeAll(async () => {
    life = await tornLife()
  })
  afterAll(() => life.close())

  it.each<[string, RegExp, number?]>([
    ['the name without its lane', /^\d+ name .* alone$/],
    ['the plan without its document', /^\d+ plan .* alone$/],
    ['a hold without its document', /^\d+ hold pool.* alone$/],
    ['a hold without its sum', /^\d+ sum pool.* missing$/],
    ['what a step made without the document that says so', /^\d+ result .*train alone$/],
    ['the document without what its step made', /^\d+ result .*train missing$/],
    ['all that is written with a finished step, without the document', /^\d+ lane .* missing$/, -1],
    ['the past run without the document that ended it', /^\d+ past .* alone$/],
  ])('%s', async (_, which, nth = 0) => {
    const tear = life.tears.filter(({ name }) => which.test(name)).at(nth)
    if (tear === undefined) throw new Error(`nothing is torn so: ${life.tears.map(({ name }) => name).join(', ')}`)
    expect(await life.restored(tear)).toEqual(life.whole)
  })
})

describe('rows that do not fit', () => {
  let town: Town
  afterEach(() => town.close())

  it('a retry keeps what was trained, though a restore has lost the row of it', async () => {
    town = await openTown()
    const made = await everyJob(town)
    await trainedUntil(town, 'train', 'running', { simulation: { tasks: { evaluate: { exitCode: 1 } } } })
    await town.settled(TRAIN)
    const [row = ''] = (await town.lane(TRAIN)).kept.map((kept) => kept.row)
    const { ledger } = town.house.ports
    const before = await readRow(ledger, 'result', resultId(TRAIN, row))
    await ledger.commit([{ remove: 'result', id: before?.id ?? '', revision: before?.revision ?? 0 }])
    await town.house.objects.write('acme-datasets', 'support-chats/a/simulation.json', Buffer.from('{}'))
    await say(town, 'retry')
    await town.until('the second attempt has ended', async () => (await town.past(TRAIN)).length === 2)
    expect(await town.lane(TRAIN)).toMatchObject({ state: 'succeeded', attempt: 2 })
    expect(made()).toEqual(['g1a1-evaluate', 'g1a1-train', 'g1a2-evaluate'])
    expect((await readRow(ledger, 'result', resultId(TRAIN, row)))?.value).toEqual(before?.value)
  })

  it('rows of a backup that are put over newer ones, which stay where it has none: nothing is stuck, and nothing is left over', async () => {
    const stores = openStores(null)
    town = await openTown({ stores })
    await trainedUntil(town, 'train', 'running')
    await town.settled(TRAIN)
    const backup = stores.ledger.serialize()
    await upload(town, 'b')
    await town.answered(TRAIN)
    await town.settled(TRAIN)
    await town.house.close()
    putOver(stores.ledger, backup)
    await town.reopen(undefined, true)
    await town.answered(TRAIN)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: HUNDRED + 1 })
    expect(await looseEnds(town)).toEqual([])
  })

  it('one that is written again and again by somebody else is a rest with words, and its lane goes on afterwards', async () => {
    town = await openTown()
    await trainedUntil(town, 'evaluate', 'running')
    const { ledger } = town.house.ports
    let lost = 0
    const commit = async (writes: Write[]) => {
      const past = writes.find((write) => 'put' in write && write.put === 'past')
      if (past === undefined || !('put' in past)) return ledger.commit(writes)
      lost++
      return { ok: false as const, conflict: { kind: 'past' as const, id: past.id } }
    }
    const [job] = (await jobsOf(town)).filter(({ metadata }) => metadata.name.endsWith('-evaluate'))
    await town.reopen((ports) => ({ ...ports, ledger: { ...ports.ledger, commit } }))
    await town.until('it rests on it', async () => (await town.lane(TRAIN)).rest?.why === 'bug')
    expect(lost).toBe(2)
    expect(await whyOf(town.house.ports, TRAIN, CATALOGUES)).toMatchObject({
      why: 'bug',
      text: expect.stringContaining(`past ${TRAIN}#000001.0001`),
      until: expect.any(Number),
    })
    await town.reopen()
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded' })
    expect(await versionsOf(town)).toHaveLength(1)
    expect((await jobsOf(town)).map(({ metadata }) => metadata.uid)).toContain(job?.metadata.uid)
  })
})
