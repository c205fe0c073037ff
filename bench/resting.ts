import { emptyDocument, type LaneDocument } from '../core/lane/document.ts'
import { parsePolicy } from '../core/policy.ts'
import { counting } from './counting.ts'
import { openBench, policyOf } from './town.ts'

const LANES = 10_000
const HOUR = 3_600_000

/** Calls that ten thousand resting lanes cost in an hour: of the tick and the watch, which look at every lane; resync aside. */
export const restingLanes = async (): Promise<string[]> => {
  const counted = counting()
  const { house, clock, close } = await openBench(1, counted.wrap)
  const policy = parsePolicy(policyOf(1))
  const { ledger } = house.ports
  for (let n = 0; n < LANES; n++) {
    const lane = `pipeline/resting-${n}`
    const value: LaneDocument = {
      ...emptyDocument(policy, lane),
      rest: { why: 'done', text: 'done', since: 0, until: null, side: null, tries: 1 },
    }
    await ledger.commit([{ put: 'lane', id: lane, revision: 0, value }])
  }
  counted.since()
  // Between two resyncs nothing is due: the tick asks once what is, and that is all.
  const next = await house.advance()
  const one = counted.since()
  clock.set(Math.min(clock.now() + HOUR, next ?? clock.now()))
  await close()
  return [`${LANES.toLocaleString('en')} resting lanes, a tick: ${one.total} calls (${one.text})`]
}
