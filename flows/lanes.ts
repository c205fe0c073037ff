import type { LaneDocument } from '../core/lane/document.ts'
import { newerIn } from '../core/lane/newer.ts'
import type { Due, Ledger } from './ledger-port.ts'
import { readRows, valuesOf } from './rows.ts'

const PAGE = 1000

/** Names of all lanes that have a document. */
export const laneNames = async (ledger: Pick<Ledger, 'lanes'>): Promise<string[]> => {
  const names: string[] = []
  for (let after: string | undefined; ; ) {
    const page = await ledger.lanes({ limit: PAGE, ...(after === undefined ? {} : { after }) })
    names.push(...page)
    if (page.length < PAGE) return names
    after = page.at(-1)
  }
}

/** Every due row, the oldest first. */
export const everyDue = (ledger: Pick<Ledger, 'due'>): Promise<Due[]> =>
  ledger.due(Number.MAX_SAFE_INTEGER, { limit: MOST })

/** The names of lanes that are looked at by themselves some time: among them all that wait for something in the cluster. */
const dueLanes = async (ledger: Pick<Ledger, 'due'>): Promise<string[]> =>
  (await everyDue(ledger)).flatMap(({ group, by }) => (by === 'lane' ? [group] : []))

/** More due rows than there are. */
const MOST = 1_000_000

/** Whether any lane may have a run: then what changes in the cluster may concern somebody. Lanes that rest for good are not read. */
export const isAnythingInFlight = async (ledger: Pick<Ledger, 'due'>): Promise<boolean> =>
  (await dueLanes(ledger)).length > 0

/**
 * The documents of lanes that have a run and go on by themselves: a look, a bound or an answer is due. Others are not read, and
 * those of a newer release rest.
 */
export const lanesInFlight = async (ledger: Pick<Ledger, 'due' | 'read'>): Promise<LaneDocument[]> =>
  valuesOf(await readRows(ledger, 'lane', await dueLanes(ledger))).filter(
    (doc) => doc.run !== null && newerIn(doc) === null,
  )

/** Every lane's document. */
export const everyLane = async (ledger: Pick<Ledger, 'lanes' | 'read'>): Promise<LaneDocument[]> =>
  valuesOf(await readRows(ledger, 'lane', await laneNames(ledger)))
