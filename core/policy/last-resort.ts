import * as z from 'zod/mini'

/**
 * What AWS does by itself of a budget, when nothing else has helped: Karpenter may launch no more GPU nodes, until a person takes that back. It
 * is hours late, and stops nothing that runs. Only in AWS, by the stack `money`, which needs `money.karpenterRole` in cdk.json.
 */
export const lastResort = z.strictObject({
  /** Of `dollars` of the month, as AWS counts them: 1.2 is a fifth more. */
  at: z._default(z.number().check(z.minimum(0.5), z.maximum(10)), 1.2),
  /** `automatic`: AWS does it at once. `manual`: a person confirms it in the console of AWS Budgets, where what AWS counts can be looked at first. */
  approval: z._default(z.enum(['manual', 'automatic']), 'manual'),
})
