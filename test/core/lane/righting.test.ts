import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import type { Act } from '../../../core/lane/act.ts'
import { newRun } from '../../../core/lane/attempts.ts'
import type { LaneDocument, Run } from '../../../core/lane/document.ts'
import { isFree, rightBeside, righting, settleRighted, viewOfRight } from '../../../core/lane/righting.ts'
import type { View } from '../../../core/lane/view.ts'
import type { Plan } from '../../../core/plan.ts'
import { trafficService } from '../../../core/workloads/serving.ts'
import { emptyWorld, standing } from '../training-fixture.ts'
import { docOf, MINUTE, NOW, SERVICE, served, viewOf } from './fixture.ts'

const baseline = { generation: 1, desired: served('7'), replicas: 2 }
const wants = docOf({
  lane: SERVICE,
  desired: served('8'),
  generation: 2,
  attempt: 1,
  baseline,
  stands: { 'gpu-serve': 8 },
})
const ledTo = (generation: number) => {
  const { name } = wants
  const made = trafficService(
    {
      identity: { installation: 'acme', ledger: 'l', name },
      run: { lane: SERVICE },
      namespace: 'serving',
    },
    generation,
  )
  return made as KubeObject
}
/** v7 serves, and nobody is led to it; v8 waits. */
const viewWith = (run: Partial<Run> = {}, doc: Partial<LaneDocument> = {}, more: Partial<View> = {}): View => {
  const generations = [{ ...standing(1, 2), ready: 2 }]
  const world = { ...emptyWorld({ generations }), traffic: null, parts: { kinds: ['Service'] as const, objects: [] } }
  return viewOf({ doc: { ...wants, run: { ...newRun(wants, NOW), phase: 'asked', ...run }, ...doc }, world, ...more })
}
const ledToAll: View['world'] = {
  ...emptyWorld({ generations: [{ ...standing(1, 2), ready: 2 }] }),
  traffic: 'all',
  parts: { kinds: ['Service'] as const, objects: [] },
}
/** v8 was at its gate as something newer took its place; somebody leads requests to it. */
const ledToNewer: View['world'] = {
  ...emptyWorld({ generations: [standing(1, 2), standing(2, 1)].map((one) => ({ ...one, ready: one.replicas })) }),
  traffic: 2,
  parts: { kinds: ['Service'] as const, objects: [ledTo(2)] },
}
const halfway: Partial<LaneDocument> = { halfway: true, brought: [2], generation: 3 }
const rest: Act = { kind: 'rest', rest: { why: 'asked', text: 'waits', since: NOW, until: null, side: null, tries: 1 } }
const hold: Act = { kind: 'hold' }
const GONE = expect.stringContaining('nobody answers: somebody has deleted Service')
const right = (view: View, act: Act = rest): string => righting(view, act).kind

describe('what serves, beside a run that waits', () => {
  it('is set right, by a plan that asks nobody, costs nothing and moves nothing', () => {
    const found = rightBeside(viewWith())
    expect(found).toMatchObject({ text: GONE, plan: { approval: { required: false }, bounds: { dollars: 0 } } })
    expect(found?.plan.steps.map(({ kind }) => kind)).toEqual(['switch-traffic', 'roll-out-model', 'notify'])
  })

  it('makes nothing anew and judges nothing, be it for no money', () => {
    const { world } = viewWith()
    const { plan } = rightBeside(viewWith()) ?? {}
    const of = (...steps: object[]) =>
      isFree({ world }, { kind: 'plan', plan: { ...(plan as Plan), steps: steps as Plan['steps'] } })
    const move = (generation: number, replicas: number) => ({
      kind: 'roll-out-model',
      replicas: [{ generation, replicas }],
    })
    expect([of(move(1, 2)), of({ kind: 'switch-traffic' }, { kind: 'notify' })]).toEqual([true, true])
    expect([of(move(1, 3)), of(move(2, 2)), of({ kind: 'launch-job' }), of({ kind: 'check-gate' })]).toEqual([
      false,
      false,
      false,
      false,
    ])
  })

  it.each<[string, Parameters<typeof viewWith>, Act, string]>([
    ['people are asked', [{ phase: 'asked' }], rest, 'set-right'],
    ['people are to be asked', [{ phase: 'planned' }], { kind: 'ask' }, 'set-right'],
    ['it waits for a time', [{ phase: 'planned' }], rest, 'set-right'],
    ['it waits for room', [{ phase: 'waiting-for-room' }], hold, 'set-right'],
    ['it begins', [{ phase: 'planned' }], hold, 'hold'],
    ['it was set right by this invocation', [{}, {}, { righted: true }], rest, 'rest'],
    ['it is frozen', [{}, {}, { frozenUntil: NOW + MINUTE }], rest, 'rest'],
    ['nobody has looked', [{}, {}, { world: null }], rest, 'rest'],
    ['something stands halfway, and nobody answers', [{}, { halfway: true }], rest, 'set-right'],
    ['what it is led to answers, though by all of it', [{}, {}, { world: ledToAll }], rest, 'set-right'],
    ['something stands halfway, and answers', [{}, { halfway: true }, { world: ledToAll }], rest, 'rest'],
    ['it is led to what was judged by nobody', [{}, halfway, { world: ledToNewer }], rest, 'set-right'],
    [
      'that was judged',
      [{}, { ...halfway, judged: [{ ...baseline, generation: 2 }] }, { world: ledToNewer }],
      rest,
      'rest',
    ],
    ['a person has cancelled it', [{ cancelled: { by: 'ana', at: NOW } }], rest, 'rest'],
  ])('where %s', (_, given, act, kind) => {
    expect(right(viewWith(...given), act)).toBe(kind)
  })

  it('is told, and left as it is where that has failed, until it was right', () => {
    const view = viewWith()
    const text = rightBeside(view)?.text ?? ''
    const done = settleRighted(view, { kind: 'done', text, note: '' })
    expect(done).toMatchObject({ doc: view.doc, tellings: [{ kind: 'note', card: { title: `set right: ${text}` } }] })
    const failed = settleRighted(view, { kind: 'failed', text, note: 'another sets it' })
    expect(failed.tellings).toMatchObject([{ card: { title: `${text}; it could not be set right: another sets it` } }])
    expect(right({ ...view, doc: failed.doc })).toBe('rest')
    expect(settleRighted(view, { kind: 'right' })).toMatchObject({ doc: view.doc, tellings: [] })
  })

  it('has what people are to be asked about planned anew, and nothing that they were asked about or agreed to', () => {
    const digests = (['planned', 'asked'] as const).map((phase) => {
      const view = viewWith({ phase, digest: 'd' })
      return settleRighted(view, { kind: 'done', text: 't', note: '' }).doc.run?.digest
    })
    expect(digests).toEqual(['', 'd'])
  })

  it('is begun with marks that whatever is marked from now on comes after', () => {
    const view = viewWith()
    const { doc, plan } = viewOfRight(view, rightBeside(view)?.plan as never)
    expect(doc.run?.steps[0]).toMatchObject({
      kind: 'switch-traffic',
      state: 'running',
      by: view.me,
      fence: view.revision,
    })
    expect(doc.run?.digest).toBe(plan?.plan.digest)
  })
})
