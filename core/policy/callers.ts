import * as z from 'zod/mini'
import { matching } from './fields.ts'

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
/** Accounts may have dots in their names. */
const ACCOUNT = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/

/** Somebody who may call a service inside of the cluster. */
export const caller = z.strictObject({
  /** Namespace that the caller's pods are in. */
  namespace: matching(LABEL, 'write the name of a namespace: lower-case letters, digits and dashes between them'),
  /** Service account of the caller's pods, which Istio alone tells apart. Left out: any of the namespace. */
  serviceAccount: z.optional(
    matching(ACCOUNT, 'write the name of a service account: lower-case letters, digits, dashes and dots'),
  ),
})

/** Who may call a service inside of the cluster, beside its own gates. */
export const callers = z.array(caller).check(
  z.maxLength(64),
  z.refine(
    (all) => new Set(all.map((one) => JSON.stringify([one.namespace, one.serviceAccount]))).size === all.length,
    {
      error: 'name each of them once',
    },
  ),
)
