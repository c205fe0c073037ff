import type { LaneDocument } from '../core/lane/document.ts'
import { budgetOf, roomsOf } from '../core/lane/room.ts'
import type { Policy } from '../core/policy.ts'
import { type Each, mendDues } from './dues.ts'
import type { WorkPorts } from './ports.ts'
import { recountRoom, recountSpent } from './sums.ts'
import { mendHold, tornHolds } from './torn-holds.ts'
import { mendLine, tornLines } from './torn-lines.ts'

const HOUR = 3_600_000
/** So long after a full hour what was spent is recounted: resync comes every five minutes. Milliseconds. */
const SPENT_WITHIN = 10 * 60_000

/** What is only counted, or written a second time for who looks by time, becomes what rows and documents say (law 5). */
export const mendCaches = async (
  ports: WorkPorts,
  { policy, docs }: { policy: Policy; docs: ReadonlyMap<string, LaneDocument> },
  eachOf: Each,
): Promise<void> => {
  await eachOf(roomsOf(policy), async (room) => {
    await recountRoom(ports, room)
    await eachOf(await tornHolds(ports, room, docs), (lane) => mendHold(ports, room, lane))
  })
  const now = ports.clock.now()
  const all = [...docs.values()]
  const budget = budgetOf(policy)
  // Runs lie lane by lane: they are asked once an hour, or twice.
  if (now % HOUR < SPENT_WITHIN)
    await eachOf([budget], async () => void (await recountSpent(ports, all, { budget, now })))
  await eachOf([docs], async () => eachOf(await tornLines(ports, policy, docs), (torn) => mendLine(ports, torn)))
  await eachOf([all], () => mendDues(ports, all, eachOf))
}
