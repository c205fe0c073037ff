import { openQuestion } from '../../core/lane/awaited.ts'
import { emptyDocument, type LaneDocument } from '../../core/lane/document.ts'
import type { Policy } from '../../core/policy.ts'
import { SELF } from '../../core/rows.ts'
import { everyLane } from '../../flows/lanes.ts'
import { observe } from '../../flows/observe.ts'
import { type Ports, Unavailable } from '../../flows/ports.ts'
import { everyRow, readRow, valuesOf } from '../../flows/rows.ts'
import { lastRun } from '../../flows/runs.ts'
import { type Sides, untoldOf } from '../waiting.ts'
import { type PoolBar, poolBars } from './pools.ts'
import type { LaneFacts } from './views.ts'

/** Most lanes on the page. */
const LANES = 200
/** Tellings of a lane that are looked through. */
const TELLINGS = 100

/** Far sides that do not answer, by name. */
export const sidesOf = async ({ ledger }: Pick<Ports, 'ledger'>): Promise<Sides> =>
  new Map(valuesOf(await everyRow(ledger, 'side')).map((row) => [row.side, row]))

/** Lanes with the run that they are at or were at last: those that ask first, then the last that moved. */
export const lanesOf = async (
  { ledger, clock }: Pick<Ports, 'ledger' | 'clock'>,
  policy: Policy,
): Promise<LaneFacts[]> => {
  const rows = valuesOf(await everyRow(ledger, 'freeze')).filter(({ until }) => until > clock.now())
  const freezes = new Map(rows.map(({ lane, until }) => [lane, until]))
  const known = await everyLane(ledger)
  const docs = [...known, ...frozenBefore(known, { lanes: [...freezes.keys()], policy })]
    .sort(askingFirst)
    .slice(0, LANES)
  return Promise.all(
    docs.map(async (doc) => {
      const own = freezes.get(doc.lane) ?? null
      const until = Math.max(own ?? 0, freezes.get('*') ?? 0)
      const told = await ledger.list('out', { prefix: `${doc.lane}#`, limit: TELLINGS })
      return {
        doc,
        run: await lastRun(ledger, doc, clock.now()),
        frozenUntil: until === 0 ? null : until,
        isFrozenItself: own !== null,
        untold: untoldOf(valuesOf(told)),
      }
    }),
  )
}

/** Lanes that were frozen before anything has moved them. */
const frozenBefore = (
  known: readonly LaneDocument[],
  { lanes, policy }: { lanes: string[]; policy: Policy },
): LaneDocument[] => {
  const names = new Set([...known.map(({ lane }) => lane), '*'])
  return lanes.filter((lane) => !names.has(lane)).map((lane) => emptyDocument(policy, lane))
}

const askingFirst = (a: LaneDocument, b: LaneDocument): number =>
  Number(openQuestion(b) !== null) - Number(openQuestion(a) !== null) || movedAt(b) - movedAt(a)

/** When a lane last wanted something; of one that never did, since when its source is waited for. */
const movedAt = ({ since, rest }: LaneDocument): number => (since > 0 ? since : (rest?.since ?? 0))

/** Pools as bars; null while the cluster does not answer: a page that waits for it shows nothing at all. */
export const poolsOf = async (
  ports: Pick<Ports, 'cluster' | 'ledger' | 'clock'>,
  { policy, sides }: { policy: Policy; sides: Sides },
): Promise<PoolBar[] | null> => {
  if (sides.has('cluster')) return null
  // Of no lane: every hold is another's.
  const ledger = (await readRow(ports.ledger, 'identity', SELF))?.value.ledger ?? '-'
  const identity = { installation: policy.installation, ledger, name: '-' }
  const look = { policy, identity, now: ports.clock.now(), doc: { lane: '-' }, kind: { stands: false } }
  try {
    return poolBars(await observe(ports, look), look)
  } catch (error) {
    if (error instanceof Unavailable) return null
    throw error
  }
}
