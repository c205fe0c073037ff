import { HUNDRED } from '../../flows/claim.ts'
import type { Write } from '../../flows/ledger-port.ts'
import type { Ports } from '../../flows/ports.ts'
import { openLedger } from '../../local/ledger/sqlite-ledger.ts'
import { openStores, type Stores } from '../../local/stores.ts'
import { clockOf, jobsOf, looseEnds, TRAIN, upload, versionsOf } from './scenes.ts'
import { ANA, copyOf, openTown, type Town } from './town.ts'

/** A restore that ends in the midst of a commit: it holds one write of it alone, or all but that one. */
export interface Tear {
  /** `6 result <id> missing`: the commit of the life, the row, and how it was torn. */
  name: string
  before: Uint8Array
  writes: Write[]
}

/** A pipeline's life that has ended, what came of it, and every way in which a restore may tear one of its commits. */
export interface TornLife {
  tears: Tear[]
  whole: unknown
  /** What comes of it when the world is as it is now, and the ledger as it was torn. */
  restored(tear: Tear): Promise<unknown>
  close(): Promise<void>
}

/** Commits that one row may be lost against: what is mended is lost once, or once beside a race. */
const MOST = 2
const HOURS = 24

export const tornLife = async (): Promise<TornLife> => {
  const stores = openStores(null)
  const tears: Tear[] = []
  const town = await openTown({ stores, wrap: watched(stores, tears) })
  await upload(town)
  await town.answered(TRAIN)
  await town.settled(TRAIN)
  const whole = await cameOf(town)
  const at = clockOf(town).now()
  return {
    tears,
    whole,
    restored: async ({ before, writes }) => {
      const copy = copyOf(stores)
      copy.ledger.deserialize(before)
      await openLedger(copy.ledger).commit(writes)
      const again = await openTown({ stores: copy, at, wrap: counted(MOST), adopt: true })
      try {
        const forgotten = (await again.lane(TRAIN)).generation === 0
        return await ended(again, forgotten)
      } finally {
        await again.close()
      }
    },
    close: () => town.close(),
  }
}

const watched =
  (stores: Stores, tears: Tear[]) =>
  (ports: Ports): Ports => {
    let n = 0
    const commit = async (writes: Write[]) => {
      const before = stores.ledger.serialize()
      const committed = await ports.ledger.commit(writes)
      if (committed.ok) tears.push(...tearsOf(++n, before, writes))
      return committed
    }
    return { ...ports, ledger: { ...ports.ledger, commit } }
  }

const tearsOf = (n: number, before: Uint8Array, writes: Write[]): Tear[] =>
  writes.flatMap((write, index): Tear[] => {
    const what = whatOf(write)
    if (what === null) return []
    const others = writes.filter((_, other) => other !== index)
    const name = `${n} ${what}`
    return [
      { name: `${name} alone`, before, writes: [write] },
      { name: `${name} missing`, before, writes: others },
    ]
  })

/** What a restore may tear off that anybody reads again; null: a check, a count, or a line of the timeline. */
const whatOf = (write: Write): string | null => {
  if ('put' in write) return `${write.put} ${write.id}`
  if ('remove' in write) return `${write.remove} ${write.id}`
  if ('add' in write) return `sum ${write.add}`
  if ('due' in write) return `due ${write.due.by}`
  return null
}

const counted =
  (most: number) =>
  (ports: Ports): Ports => {
    const lost = new Map<string, number>()
    const commit = async (writes: Write[]) => {
      const committed = await ports.ledger.commit(writes)
      if (committed.ok) return committed
      const key = `${committed.conflict.kind} ${committed.conflict.id}`
      lost.set(key, (lost.get(key) ?? 0) + 1)
      if ((lost.get(key) ?? 0) > most) throw new Error(`lost too often: ${JSON.stringify([...lost])}`)
      return committed
    }
    return { ...ports, ledger: { ...ports.ledger, commit } }
  }

/** Whoever is asked says yes. */
const ended = async (town: Town, forgotten: boolean): Promise<unknown> => {
  const isOver = async (): Promise<boolean> => {
    const { run, outcome } = await town.lane(TRAIN)
    return run === null && outcome !== null
  }
  for (let asked = 0; asked < 3 && !(await isOver()); asked++) {
    await town.until('it asks or ends', async () => (await isOver()) || (await town.question(TRAIN)) !== null, HOURS)
    const question = await town.question(TRAIN)
    // The restore may hold somebody's letter: then it is closed already.
    if (question !== null) await town.house.answer(question.id, { by: ANA, verdict: 'approve', reason: null })
  }
  await town.settled(TRAIN, HOURS)
  await town.advance(15 * 60_000)
  return cameOf(town, forgotten)
}

/** What a ledger has forgotten is wanted again as a new generation: what that has trained is kept, and a gate is judged anew. */
const cameOf = async (town: Town, forgotten = false): Promise<unknown> => {
  const { state, run, attempt, generation } = await town.lane(TRAIN)
  const jobs = (await jobsOf(town)).map(({ metadata }) => [metadata.name, metadata.uid])
  return {
    lane: { state, run, attempt, generation: forgotten ? generation - HUNDRED : generation },
    jobs: jobs.filter(([name = '']) => !(forgotten && name.endsWith('-g2a1-evaluate'))).sort(),
    versions: await versionsOf(town),
    loose: await looseEnds(town),
  }
}
