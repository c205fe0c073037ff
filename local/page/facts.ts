import type { LaneDocument } from '../../core/lane/document.ts'
import type { Policy } from '../../core/policy.ts'
import { SELF } from '../../core/rows.ts'
import { everyLane } from '../../flows/lanes.ts'
import { observe } from '../../flows/observe.ts'
import { type Ports, Unavailable } from '../../flows/ports.ts'
import { everyRow, readRow, valuesOf } from '../../flows/rows.ts'
import { lastRun } from '../../flows/runs.ts'
import { type Sides, untoldOf } from '../waiting.ts'
import { type LaneFacts, type PoolBar, poolBars } from './views.ts'

/** Most lanes on the page. */
const LANES = 200
/** Tellings of a lane that are looked through. */
const TELLINGS = 100

/** Far sides that do not answer, by name. */
export const sidesOf = async ({ ledger }: Pick<Ports, 'ledger'>): Promise<Sides> =>
  new Map(valuesOf(await everyRow(ledger, 'side')).map((row) => [row.side, row]))

/** Lanes with the run that they are at or were at last, the last that moved first. */
export const lanesOf = async ({ ledger, clock }: Pick<Ports, 'ledger' | 'clock'>): Promise<LaneFacts[]> => {
  const docs = (await everyLane(ledger)).sort((a, b) => movedAt(b) - movedAt(a)).slice(0, LANES)
  const freezes = new Map(valuesOf(await everyRow(ledger, 'freeze')).map(({ lane, until }) => [lane, until]))
  return Promise.all(
    docs.map(async (doc) => {
      const until = Math.max(freezes.get(doc.lane) ?? 0, freezes.get('*') ?? 0)
      const told = await ledger.list('out', { prefix: `${doc.lane}#`, limit: TELLINGS })
      return {
        doc,
        run: await lastRun(ledger, doc),
        frozenUntil: until > clock.now() ? until : null,
        untold: untoldOf(valuesOf(told)),
      }
    }),
  )
}

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
    return poolBars(await observe(ports, look))
  } catch (error) {
    if (error instanceof Unavailable) return null
    throw error
  }
}
