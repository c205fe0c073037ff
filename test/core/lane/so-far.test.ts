import { describe, expect, it } from 'vitest'
import { costUntil, monthsUntil, soFar, soFarText } from '../../../core/lane/so-far.ts'
import { HOUR, NOW, planRow, questionOf, running, runOf, wanted } from './fixture.ts'

const { plan } = planRow
const run = runOf({ phase: 'steps', steps: [running({ touched: true, ranFrom: NOW - HOUR })] })
const halfwayCosts = { since: NOW - 2 * HOUR, perHour: 10, left: 50, budget: 'ml-monthly', until: NOW }

describe('what a run has cost so far', () => {
  it('is its own, and what stood halfway before it, of what both may at most', () => {
    expect(soFar(wanted({ run }), { plan, now: NOW })).toEqual({ cost: 55.04, atMost: 223.83 })
    expect(soFar(wanted({ run, halfwayCosts }), { plan, now: NOW })).toEqual({ cost: 75.04, atMost: 273.83 })
    expect(soFarText({ cost: 1234.5, atMost: 2000 })).toBe('$1,234.50 of at most $2,000.00')
  })

  it('of another attempt is of what the ones before have left', () => {
    const approved = { question: questionOf(), spent: 100, begun: true }
    expect(soFar(wanted({ run, approved }), { plan, now: NOW })).toEqual({ cost: 55.04, atMost: 123.83 })
  })

  it('is nothing to say of what has begun nothing, has no plan, is not there, or is a newer release’s', () => {
    expect(soFar(wanted({ run: runOf() }), { plan, now: NOW })).toBeNull()
    expect(soFar(wanted({ run }), { plan: null, now: NOW })).toBeNull()
    expect(soFar(wanted(), { plan, now: NOW })).toBeNull()
    expect(soFar(wanted({ run, schema: 9 }), { plan, now: NOW })).toBeNull()
  })

  it('lies in the months in which it was spent', () => {
    const now = Date.UTC(2026, 11, 1, 1)
    const over = runOf({ steps: [running({ ranFrom: now - 2 * HOUR })] })
    expect(monthsUntil(wanted(), { run: over, plan, now })).toEqual({ '2026-11': 55.04, '2026-12': 55.04 })
    const stood = wanted({ halfwayCosts: { ...halfwayCosts, since: now - 3 * HOUR } })
    expect(monthsUntil(stood, { run: runOf(), plan: null, now })).toEqual({ '2026-11': 20, '2026-12': 10 })
    expect(costUntil(stood, { run: runOf(), plan: null, now })).toBe(30)
  })
})
