import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type LaneDocument, SCHEMA } from '../../core/lane/document.ts'
import type { Ports } from '../../flows/ports.ts'
import { readRow } from '../../flows/rows.ts'
import { openTown, type Town } from '../journeys/town.ts'
import { frozenIn, thawed, withHeads } from './frozen.ts'

const HOUR = 3_600_000
type Rows = ReturnType<typeof frozenIn>['ledger']['rows']

let town: Town
let looks: Record<string, number>
afterEach(() => town.close())
beforeEach(() => {
  looks = {}
})

/** Counts how often each lane is looked at by reconciling. */
const counted = (ports: Ports): Ports => {
  const { read } = ports.ledger
  const counting = ((keys) => {
    for (const { kind, id } of keys) if (kind === 'plan') looks[id] = (looks[id] ?? 0) + 1
    return read(keys)
  }) as typeof read
  return { ...ports, ledger: { ...ports.ledger, read: counting } }
}

/** The town that is kept of this release, with rows as `change` makes them, some hours later. */
const lived = async (change: (rows: Rows) => void, hours = 2) => {
  const frozen = structuredClone(frozenIn('schema-1'))
  change(frozen.ledger.rows)
  const stores = thawed(frozen)
  const wrap = (ports: Ports): Ports => counted(withHeads(frozen)(ports))
  town = await openTown({ config: frozen.config, stores, at: frozen.at, wrap })
  const rows = (): Map<string, string> =>
    new Map(
      stores.ledger
        .prepare('SELECT kind, id, revision, value FROM rows WHERE value IS NOT NULL')
        .all()
        .map(({ kind, id, revision, value }) => [`${kind} ${id}`, `${revision} ${value}`]),
    )
  const dues = () => town.house.ports.ledger.due(Number.MAX_SAFE_INTEGER, { limit: 1000 })
  const jobs = async () => (await town.house.cluster.list('Job')).map(({ metadata }) => metadata.name)
  const before = { rows: rows(), dues: await dues(), jobs: await jobs() }
  await town.advance(hours * HOUR)
  return { before, after: { rows: rows(), dues: await dues(), jobs: await jobs() }, minutes: hours * 60 }
}

const docsOf = (rows: Rows): LaneDocument[] =>
  rows.filter(({ kind, value }) => kind === 'lane' && value !== null).map(({ value }) => value as LaneDocument)
/** Rows of a lane that only it may write. */
const OWN = /^(lane|plan|past|result|shadow|look|order|hold|line|name) /

const ofLane = (rows: Map<string, string>, lane: string): [string, string][] =>
  [...rows].filter(([key]) => OWN.test(key) && (key.split(' ')[1] ?? '').split('#').includes(lane)).sort()

describe('rows of a release that is newer', () => {
  it('a greater schema and unknown keys: all rest untouched, nothing begins, is asked or goes, and `why` says what to deploy', async () => {
    const { before, after, minutes } = await lived((rows) => {
      for (const doc of docsOf(rows))
        Object.assign(doc, {
          schema: SCHEMA + 1,
          tenant: 'a',
          run: doc.run && { ...doc.run, phase: 'staged', steps: 'elsewhere' },
        })
    })
    for (const [key, value] of before.rows) if (OWN.test(key)) expect([key, after.rows.get(key)]).toEqual([key, value])
    expect([...after.rows.keys()].filter((key) => OWN.test(key) && !before.rows.has(key))).toEqual([])
    expect(after.jobs).toEqual(before.jobs)
    const own = ({ group }: { group: string }) => !group.startsWith('out/')
    expect(after.dues.filter(own)).toEqual(before.dues.filter(own))
    expect(await town.house.why('pipeline/trains')).toMatchObject({
      why: 'newer-schema',
      text: `its document has schema 2; this release reads up to 1, and knows nothing of tenant: deploy the release that wrote it, or a newer one`,
    })
    for (const [lane, times] of Object.entries(looks)) expect([lane, times <= minutes + 40]).toEqual([lane, true])
    expect(Object.keys(await town.house.ports.ledger.counts()).filter((name) => /bug|contended/.test(name))).toEqual([])
  })

  it('in some lanes alone: the others go on to their ends, and keep keys of theirs that this release does not know', async () => {
    const [later, elsewhere] = ['pipeline/trains', 'pipeline/registers']
    const { before, after } = await lived((rows) => {
      for (const doc of docsOf(rows)) {
        Object.assign(doc, { tenant: { of: 'a' } })
        if (doc.lane === later) Object.assign(doc, { schema: SCHEMA + 1 })
        if (doc.lane === elsewhere) Object.assign(doc.run?.steps[4] ?? {}, { kind: 'drain-node' })
        if (doc.rest !== null) Object.assign(doc.rest, { why: 'moon-phase' })
        if (doc.outcome !== null) Object.assign(doc.outcome, { reason: 'moon-phase' })
      }
    }, 6)
    for (const lane of [later, elsewhere]) expect(ofLane(after.rows, lane)).toEqual(ofLane(before.rows, lane))
    expect(await town.house.why(elsewhere)).toMatchObject({
      why: 'newer-schema',
      text: expect.stringContaining('this release knows no step of the kind drain-node'),
    })
    const ends = {
      asks: 'succeeded',
      waits: 'succeeded',
      done: 'succeeded',
      denied: 'rejected',
      cancelled: 'cancelled',
    }
    for (const [name, kind] of Object.entries(ends)) {
      const doc = (await readRow(town.house.ports.ledger, 'lane', `pipeline/${name}`))?.value
      expect(doc).toMatchObject({ outcome: { kind }, tenant: { of: 'a' } })
    }
    expect((await town.lane('service/support-llama')).state).toBe('succeeded')
    expect(await town.house.why('pipeline/denied')).toMatchObject({ text: expect.stringContaining('moon-phase') })
  })

  it('letters, tellings and lanes of kinds that this release does not know stay as they are, and `why` names them', async () => {
    const frozen = frozenIn('schema-1')
    const look = frozen.ledger.rows.find(
      ({ kind, value }) => kind === 'look' && (value as { kind?: string })?.kind === 'look',
    )
    const out = frozen.ledger.rows.find(({ kind, value }) => kind === 'out' && value !== null)
    const lane = 'pipeline/asks'
    const at = frozen.at
    const added = (kind: string, id: string, value: unknown) => ({ kind, id, revision: 1, value })
    const others = [
      added('look', `${lane}#1`, {
        ...(look?.value as object),
        id: '1',
        lane,
        due: at,
        event: { type: 'budget-crossed', id: 'd', at, budget: 's' },
      }),
      added('order', `${lane}#2`, { kind: 'pre-warm', id: '2', lane, at, due: at, by: 'ana', gpus: 8 }),
      added('out', `${lane}#3`, { ...(out?.value as object), lane, telling: { kind: 'page', to: 'ops' } }),
      added('lane', 'tenant/ml-monthly', {
        schema: 1,
        lane: 'tenant/ml-monthly',
        writtenAt: at,
        name: 'b-01234567',
        run: null,
        desired: { kind: 'spend' },
        outcome: null,
        rest: null,
        due: null,
      }),
    ]
    const { after } = await lived((rows) => rows.push(...others))
    for (const { kind, id, revision, value } of others)
      expect(after.rows.get(`${kind} ${id}`)).toBe(`${revision} ${JSON.stringify(value)}`)
    expect((await town.lane(lane)).state).toBe('succeeded')
    const { also } = await town.house.why(lane)
    for (const kind of ['letter: budget-crossed', 'letter: pre-warm', 'telling: page'])
      expect(also).toContain(
        `this release does not know the ${kind}: it waits for the release that wrote it, or a newer one`,
      )
    expect(await town.house.why('tenant/ml-monthly')).toMatchObject({ why: 'newer-schema', since: at })
    expect(await town.house.ports.ledger.counts()).not.toHaveProperty('contended')
  })
})
