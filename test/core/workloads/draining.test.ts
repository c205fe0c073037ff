import { expect, it } from 'vitest'
import { DRAIN, PRE_STOP, servingGrace } from '../../../core/workloads/draining.ts'
import { ENGINES } from '../../../core/workloads/engines.ts'

it('a pod that serves outlives what it waits for: its endpoint to go, and requests in flight', () => {
  expect(servingGrace(DRAIN)).toBeGreaterThan(PRE_STOP + DRAIN)
})

it('no engine of today gives requests longer than a policy is told', () => {
  for (const revisions of Object.values(ENGINES)) expect(revisions.at(-1)?.drain).toBe(DRAIN)
})
