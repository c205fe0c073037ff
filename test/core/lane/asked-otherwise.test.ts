import { describe, expect, it } from 'vitest'
import { isAskedOtherwise } from '../../../core/lane/asked-otherwise.ts'
import { generationOf } from '../../../core/lane/before.ts'
import type { LaneDocument } from '../../../core/lane/document.ts'
import { next } from '../../../core/lane/next.ts'
import { settle } from '../../../core/lane/settle.ts'
import type { Trouble, View } from '../../../core/lane/view.ts'
import type { Config } from '../../../core/policy.ts'
import { emptyWorld } from '../training-fixture.ts'
import { asking, HOUR, NOW, planRow, policyWith, questionOf, viewOf, wanted } from './fixture.ts'

const PLAN = { kind: 'plan' } as const
const otherArgs = (config: Config): void => {
  config.pipelines!['support-chats']!.stages[0]!.args = ['--epochs=1']
}
const longer = (config: Config): void => {
  config.approvals.expiry = '24h'
}
const viewWith = (change: (config: Config) => void, doc: Partial<LaneDocument> = {}, over: Partial<View> = {}): View =>
  viewOf({
    policy: policyWith(change),
    doc: wanted({ run: asking(), ...doc }),
    plan: planRow,
    world: emptyWorld(),
    ...over,
  })
const looked = (view: View) => settle(view, PLAN, { kind: 'seen', kept: {} })

describe('a question under another policy than it was planned under', () => {
  it('is looked at before it is asked elsewhere, unless it is over, or is about another plan than is there', () => {
    const view = viewWith(longer)
    expect([next(view), isAskedOtherwise(view)]).toEqual([PLAN, true])
    expect(isAskedOtherwise(viewWith(() => undefined))).toBe(false)
    const moved = viewWith((config) => {
      config.approvals.channel = 'C0OTHER'
    }, { run: asking({ channel: 'C0GPUOPS' }) }) // biome-ignore format: a line
    expect(next(moved).kind).toBe('plan')
    expect(next({ ...moved, plan: looked(moved).plan ?? null }).kind).toBe('move-card')
    const away = { cluster: { side: 'cluster', since: NOW, said: '503', refuses: false, probe: 'another', until: NOW + HOUR } } // biome-ignore format: a line
    expect(next({ ...moved, sides: away }).kind).toBe('move-card')
    const trouble = { kind: 'unavailable', side: 'cluster', said: '503', retryAfter: 0 } as const
    expect(settle(moved, PLAN, { kind: 'trouble', trouble })).toMatchObject({ doc: { run: { question: { channel: 'C0OTHER' } } }, rest: { why: 'asked' } }) // biome-ignore format: a line
    expect(next({ ...view, now: NOW + 5 * HOUR }).kind).toBe('expire')
    expect(isAskedOtherwise({ ...view, plan: { ...planRow, plan: { ...planRow.plan, digest: 'other' } } })).toBe(false)
  })

  it('stays to the byte where a yes to it would be heeded, and is looked at once', () => {
    const view = viewWith(longer)
    const change = looked(view)
    expect(change.doc).toEqual(view.doc)
    expect([change.moments, change.tellings]).toEqual([[], []])
    expect(change.plan?.plan).toEqual({ ...planRow.plan, policy: view.policy.version })
    expect(next({ ...view, plan: change.plan ?? null })).toMatchObject({ kind: 'rest', rest: { why: 'asked' } })
  })

  it('ends as superseded where it would not, and the next attempt has its rank in line, what it had kept, and what it took the place of', () => {
    const gaveWay = generationOf(wanted())
    const kept = [{ step: 'train', key: 'k', row: 'r' }]
    const { doc, past, tellings } = looked(viewWith(otherArgs, { inLineFrom: 7, kept, gaveWay }))
    expect(doc).toMatchObject({ run: null, outcome: null, generation: 1, attempt: 2, inLineFrom: 7, kept, gaveWay })
    expect(past[0]).toMatchObject({ run: { question: { state: 'closed' } }, outcome: { kind: 'superseded' } })
    expect(tellings.map(({ kind }) => kind)).toEqual(['finished', 'card'])
  })

  it('is about more than it said once that costs more, though its digest is the same', () => {
    const { bounds } = planRow.plan
    const less = asking({ bounds: { ...bounds, dollars: bounds.dollars - 1 } })
    expect(looked(viewWith(longer, { run: less })).past).toHaveLength(1)
  })

  it.each(['unavailable', 'not-allowed'] as const)('is asked on while the cluster is %s, to its end', (kind) => {
    const view = viewWith(otherArgs)
    const trouble = { kind, side: 'cluster', said: '503', retryAfter: 0 } as Trouble
    const change = settle(view, PLAN, { kind: 'trouble', trouble })
    expect(change).toMatchObject({ doc: view.doc, rest: { why: 'asked', until: questionOf().until - HOUR } })
    const sides = { cluster: { side: 'cluster', since: NOW, said: '503', refuses: false, probe: 'another', until: NOW + HOUR } } // biome-ignore format: a line
    expect(next({ ...view, sides })).toMatchObject({ kind: 'rest', rest: { why: 'asked' } })
  })

  it('rests with an alarm where our own code cannot plan it', () => {
    const trouble: Trouble = { kind: 'bug', side: 'ours', said: 'oops' }
    expect(settle(viewWith(otherArgs), PLAN, { kind: 'trouble', trouble }).rest?.why).toBe('bug')
  })
})
