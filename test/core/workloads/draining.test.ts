import { expect, it } from 'vitest'
import { DRAIN, PRE_STOP, servingGrace } from '../../../core/workloads/draining.ts'
import { ENGINES } from '../../../core/workloads/engines.ts'
import { ANSWERING } from '../../../core/workloads/serving-health.ts'

it('a pod that serves outlives what it waits for: its endpoint to go, and requests in flight', () => {
  expect(servingGrace(DRAIN)).toBeGreaterThan(PRE_STOP + DRAIN)
})

it('the newest engines answer, and give requests so long, as a policy is held to', () => {
  for (const [name, revisions] of Object.entries(ENGINES)) {
    expect(revisions.at(-1)).toMatchObject(ANSWERING[name as keyof typeof ENGINES])
    expect(revisions.at(-1)?.drain).toBe(DRAIN)
  }
})
