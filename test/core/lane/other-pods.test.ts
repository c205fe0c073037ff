import { describe, expect, it } from 'vitest'
import type { LaneDocument } from '../../../core/lane/document.ts'
import { isMoving, OTHER_PODS, overtakenByOther, wantsOtherPods } from '../../../core/lane/other-pods.ts'
import type { View } from '../../../core/lane/view.ts'
import type { PlanRow } from '../../../core/rows.ts'
import { docOf, markOf, planRow, policy, policyWith, runOf, SERVICE, served, viewOf } from './fixture.ts'

const other = policyWith(({ services }) => {
  for (const service of Object.values(services ?? {})) service.image = `vllm@sha256:${'c'.repeat(64)}`
})
const own = { lane: SERVICE, desired: served('8'), generation: 2, attempt: 1 }
const moves = ['move-1', 'move-2'] as const
const [first, second] = moves.map((name) => ({ kind: 'roll-out-model', way: 'forth', name }) as const)
const isAt = (...states: ('done' | 'running' | 'pending')[]): LaneDocument =>
  docOf({
    ...own,
    run: runOf({
      generation: 2,
      desired: served('8'),
      phase: 'steps',
      steps: [first, second].map((mark, index) => markOf({ ...mark, by: 'me', state: states[index] ?? 'pending' })),
    }),
  })
const templateNow = (): string => {
  const { kind, identity, doc } = viewOf({ doc: docOf(own) })
  return kind.templateOf?.({ identity, policy, run: doc, desired: doc.desired as never, baseline: null }) ?? ''
}
const plan: PlanRow = {
  plan: {
    ...planRow.plan,
    template: templateNow(),
    steps: [
      { ...first, brings: null },
      { ...second, brings: 2 },
    ] as unknown as PlanRow['plan']['steps'],
  },
  back: [],
}
const at = (doc: LaneDocument, over: Partial<View> = {}): View => viewOf({ doc, plan, policy: other, ...over })

describe('a rollout while its pods are wanted to be others', () => {
  it('is overtaken as by a promotion while none of them was ever ready, and what it was is remembered', () => {
    const after = overtakenByOther(at(isAt('done', 'running')))
    expect(after).toMatchObject({ generation: 3, attempt: 1, desired: served('8'), outcome: null, approved: null })
    expect(after?.run).toMatchObject({ generation: 2, ending: { kind: 'superseded', detail: OTHER_PODS } })
    expect(after?.before?.generation).toBe(2)
  })

  it('goes on where its pods are as they are wanted, before what it brings rises and once that was ready, and while it ends', () => {
    const goesOn = [
      at(isAt('done', 'running'), { policy }),
      at(isAt('done', 'running'), { plan: null }),
      at(isAt('running')),
      at(isAt('done', 'done')),
      at(isAt('done', 'pending')),
    ]
    for (const view of goesOn) expect(overtakenByOther(view)).toBeNull()
    const doc = isAt('done', 'running')
    const ends = { ...doc, run: { ...doc.run, cancelled: { by: 'ana', at: 0 } } } as LaneDocument
    expect(overtakenByOther(at(ends))).toBeNull()
    expect([isMoving(doc), isMoving(ends), isMoving({ ...doc, attempt: 2 }), isMoving(docOf(own))]).toEqual([
      ...[true, false, false, false],
    ])
  })

  it('wants none other of what nobody knows the template', () => {
    expect(wantsOtherPods(at(docOf(own)), undefined)).toBe(false)
    expect(wantsOtherPods(at(docOf(own)), templateNow())).toBe(true)
    expect(wantsOtherPods(at(docOf(own), { policy }), templateNow())).toBe(false)
  })
})
