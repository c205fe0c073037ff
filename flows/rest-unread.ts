import { pauseAfter, resting } from '../core/lane/change.ts'
import { emptyDocument, type LaneDocument } from '../core/lane/document.ts'
import { newerIn } from '../core/lane/newer.ts'
import type { Trouble } from '../core/lane/view.ts'
import { SELF } from '../core/rows.ts'
import { writeSides } from './far-sides.ts'
import { Unavailable, type WorkPorts } from './ports.ts'
import { readRow } from './rows.ts'
import type { Told } from './sides.ts'
import { boundUnread } from './unread-bound.ts'
import { heedCancels } from './unread-cancel.ts'
import { heedVotes } from './unread-votes.ts'
import type { Reconciler } from './view.ts'
import { nameWrite } from './writing.ts'

/** The ports, how far sides answered through them, and who reconciles. */
interface Hands {
  ports: WorkPorts
  told: Told
  reconciler: Reconciler
}

/** A lane that cannot be read, or of which nothing can be written but this, rests visibly, and nothing of it ends but at its bound or by a person (laws 9, 13, 15, 18). */
export const restUnread = async (
  { ports: given, told, reconciler }: Hands,
  lane: string,
  trouble: Trouble,
): Promise<'rests' | 'ledger-away' | 'newer-schema'> => {
  const ports = trouble.side === 'policies' ? withoutPolicy(given) : given
  const { ledger, clock } = ports
  try {
    await writeSides(ports, { probe: lane, sides: {} }, told)
    const row = await readRow(ledger, 'lane', lane)
    if (row !== null && newerIn(row.value) !== null) return 'newer-schema'
    const was = row?.value ?? (await firstDocument(ports, lane))
    if (was === null) return 'rests'
    const view = { doc: was, now: Math.max(clock.now(), was.writtenAt) }
    const why = trouble.kind === 'unavailable' || trouble.kind === 'not-allowed' ? trouble.kind : 'bug'
    const rest = resting(view, { why, text: `${trouble.side}: ${trouble.said}`, side: trouble.side })
    const { now } = view
    const heeded = await heedCancels(ports, reconciler, { doc: was, now, rests: rest.text })
    const { handover } = reconciler
    const stored = was.run === null ? null : await readRow(ledger, 'plan', lane)
    const revision = row?.revision ?? 0
    const voted = await heedVotes(ports, reconciler, { doc: heeded.doc, plan: stored, revision, now })
    const until = now + pauseAfter(rest.tries)
    const bound = await boundUnread(ports, { ...voted, now, handover, until })
    const doc: LaneDocument = { ...bound.doc, writtenAt: now, rest: { ...rest, until: bound.until }, due: bound.until }
    const { ok } = await ledger.commit([
      ...heeded.writes,
      ...voted.writes,
      ...bound.writes,
      { put: 'lane', id: lane, revision, value: doc },
      ...(row === null ? [nameWrite(was, await readRow(ledger, 'name', was.name))] : []),
      { due: { group: lane, by: 'lane' }, at: bound.until, was: was.due, side: trouble.side },
      ...(rest.tries === 1 ? [{ count: `${why}:${trouble.side}`, by: 1 }] : []),
    ])
    if (ok) await bound.end()
    return 'rests'
  } catch (error) {
    if (error instanceof Unavailable) return 'ledger-away'
    throw error
  }
}

/** An older one than the lane was decided under is at hand perhaps: nothing of the lane is told by that (law 15). */
const withoutPolicy = (ports: WorkPorts): WorkPorts => ({
  ...ports,
  policies: { load: () => Promise.reject(new Unavailable('the policy in force is not known')) },
})

/** Without a policy there is no name for its first document: `why` then asks for the policy itself, and says so. */
const firstDocument = async ({ ledger, policies }: WorkPorts, lane: string): Promise<LaneDocument | null> => {
  const policy = await policies.load().catch(() => null)
  const self = policy === null ? null : await readRow(ledger, 'identity', SELF)
  return policy === null || self === null ? null : emptyDocument({ ...policy, ledger: self.value.ledger }, lane)
}
