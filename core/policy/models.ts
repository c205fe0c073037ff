import * as z from 'zod/mini'
import { promotionFields } from '../promotion.ts'
import { count, image, mode, name, range } from './fields.ts'
import { gate } from './gates.ts'

/** What is served of a registered model: old replicas go only once the new generation has passed its gate. */
export const model = z.strictObject({
  /** `shadow` plans and prices real promotions and touches nothing. */
  mode,
  ...promotionFields,
  /** The vLLM container, pinned by digest. */
  image,
  /** Pool that it runs on. */
  pool: name,
  /** Replicas. */
  replicas: count,
  /** GPUs of one replica: tensor parallel within one node. */
  gpusPerReplica: count,
  /** Longest context, tokens. */
  maxModelLen: z._default(count, 32768),
  /** Further arguments of the container. */
  args: z._default(z.array(z.string()), []),
  /** Minutes until a replica is ready: as a rule, and in the bad case that is waited for. */
  loadMinutes: z._default(range, { p50: 5, p95: 15 }),
  /** Replicas that may be away during a rollout; 0 asks for surge or blue-green, more than `replicas` allows an outage. */
  maxUnavailable: z._default(z.int().check(z.nonnegative()), 1),
  /** Judged against the new generation before old replicas go, by a small Job inside the cluster. */
  gate: z.strictObject({
    /** The container that asks the new generation, pinned by digest. */
    image,
    /** What it must find. */
    checks: z.array(gate).check(z.minLength(1)),
    /** Minutes that it takes: as a rule, and in the bad case. */
    minutes: z._default(range, { p50: 3, p95: 10 }),
  }),
})
