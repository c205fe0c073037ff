import type { Plan, Planned } from '../plan.ts'

/** Bytes of a plan that a row of the ledger keeps once its run is past, with its marks and its question: 400,000 are DynamoDB's. */
const LARGEST = 330_000

/** A plan, or that it is more than is kept; `cure` says what to do about it. */
export const ifKept = (plan: Plan, cure: string): Planned => {
  const bytes = Buffer.byteLength(JSON.stringify(plan))
  if (bytes <= LARGEST) return { kind: 'plan', plan }
  const detail = `the plan has ${bytes} bytes, and at most ${LARGEST} are kept: ${cure}`
  return { kind: 'refuse', reason: 'plan-too-large', detail }
}
