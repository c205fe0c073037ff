import type { Plan, Planned } from '../plan.ts'

/** Bytes of a row of the ledger that keeps a plan once its run is past, with its marks and its question: 400,000 are DynamoDB's. */
const LARGEST = 390_000
/** Of those what is left for the question with its votes, and what ended it. */
const BESIDE = 20_000
/** And for the mark of each step: its note of 300 bytes at most, what it made and where its result lies. */
const MARK = 700
/**
 * Pools of which a run holds at most: with the lane's own rows, forty letters and a timeline each takes three of the hundred writes that DynamoDB
 * takes in one transaction.
 */
const POOLS = 8

/** A plan, or that it is more than is kept, or held at once; `cure` says what to do about it. */
export const ifKept = (plan: Plan, cure: string): Planned => {
  const bytes = Buffer.byteLength(JSON.stringify(plan)) + MARK * plan.steps.length
  const pools = Object.keys(plan.bounds.gpus).length
  if (pools > POOLS)
    return tooLarge(
      `it uses ${pools} pools, and a run holds GPUs of ${POOLS} at most: let more of its stages share one`,
    )
  return bytes <= LARGEST - BESIDE
    ? { kind: 'plan', plan }
    : tooLarge(`the plan has ${bytes} bytes with its marks, and at most ${LARGEST - BESIDE} are kept: ${cure}`)
}

const tooLarge = (detail: string): Planned => ({ kind: 'refuse', reason: 'plan-too-large', detail })
