import type { Desired } from '../../core/desired.ts'
import { type Policy, parsePolicy } from '../../core/policy.ts'

/** The one lane that is explored, and the one pool that it runs in. */
export const LANE = 'lane/a'
export const POOL = 'p'
/** GPUs of the pool: a lane needs all of them. */
export const CEILING = 3

/** The version that is there at first; of what stands, one more than what served before it. */
export const FIRST = { once: 1, standing: 2 }

/** A version of something. */
export interface Wanted extends Desired {
  kind: 'model'
  version: number
  /** Where it was read; left out: it was there at first. */
  place?: string
}

/** The policy, with what the environment turns in it. */
export interface ModelPolicy extends Policy {
  rule: 'act' | 'shadow' | null
  refuses: boolean
  /** Part of every plan's digest. */
  image: string
  /** `later`: only what comes after the version that is there at first, and the second attempt at that. */
  asks: boolean | 'later'
  first: number
  steps: 'registered' | 'judged'
  /** How long a question and a plan live. Milliseconds. */
  expiry: number
  /** Dollars that what runs costs an hour. */
  perHour: number
}

export const ANA = 'T1/U1'
const BEN = 'T1/U2'

const base = parsePolicy({
  cluster: 'c',
  results: { bucket: 'results' },
  budget: { dollars: 100 },
  pools: { [POOL]: { instanceType: 'g', gpusPerNode: 1, maxGpus: CEILING } },
  approvals: {
    channel: '#c',
    approvers: [
      { id: ANA, name: 'Ana' },
      { id: BEN, name: 'Ben' },
    ],
    requesterMayApprove: true,
  },
  retries: 1,
})

/** Which policy is in force. */
export type PolicyName = 'plain' | 'refuses' | 'changed' | 'shadow' | 'gone' | 'revoked'
export type Policies = Record<PolicyName, ModelPolicy>

type Given = Pick<ModelPolicy, 'asks' | 'steps' | 'expiry' | 'retries'> & { priced: boolean; kind: keyof typeof FIRST }

/** All policies of a configuration: made once, so that they are the same objects everywhere. */
export const policiesOf = ({ kind, priced, asks, steps, expiry, retries }: Given): Policies => {
  const plain: ModelPolicy = {
    ...base,
    perHour: priced ? 0.5 : 0,
    asks,
    first: FIRST[kind],
    steps,
    expiry,
    retries,
    rule: 'act',
    refuses: false,
    image: 'i',
  }
  const approvals = { ...base.approvals, approvers: base.approvals.approvers.filter(({ id }) => id !== ANA) }
  return {
    plain,
    refuses: { ...plain, version: 'refuses', refuses: true },
    changed: { ...plain, version: 'changed', image: 'j' },
    shadow: { ...plain, version: 'shadow', rule: 'shadow' },
    gone: { ...plain, version: 'gone', rule: null },
    revoked: { ...plain, version: 'revoked', approvals },
  }
}
