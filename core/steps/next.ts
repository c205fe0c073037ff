import type { Failure } from '../reasons.ts'

/** What a step comes to after a look: `note` is for a person. */
export type Next =
  | { kind: 'wait'; note: string }
  | { kind: 'done'; note: string; result: Record<string, string | number> | null }
  | { kind: 'failed'; reason: Failure; note: string }
