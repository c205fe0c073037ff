import { describe, expect, it } from 'vitest'
import { changed } from '../../../core/lane/change.ts'
import type { LaneDocument, Mark, Run } from '../../../core/lane/document.ts'
import { standsAfter, withFallenHold, withoutGpus, withSeenStanding } from '../../../core/lane/falling.ts'
import { kindOf, laneKinds } from '../../../core/lane-kinds/catalogue.ts'
import type { GenerationView, Traffic } from '../../../core/world.ts'
import { emptyPool, emptyWorld, standing } from '../training-fixture.ts'
import { docOf, markOf, NOW, PIPELINE, planRow, runOf, SERVICE, served, wanted } from './fixture.ts'

const hold = { gpus: { 'gpu-train': 8 }, budget: 'ml-monthly', dollars: 223.83 }
const step = (name: string, state: Mark['state'], kind: Mark['kind'] = 'launch-job') =>
  markOf({ name, state, kind, by: state === 'pending' ? null : 'me' })
const fallen = (steps: Mark[], more: Partial<Run> = {}) =>
  withFallenHold({ plan: planRow }, wanted({ run: runOf({ phase: 'steps', hold, steps, ...more }) })).run?.hold

describe('a hold falls step by step', () => {
  it('to the most that one of the remaining steps takes of each pool, and to nothing once none takes any', () => {
    const ahead = [step('evaluate', 'pending'), step('judge', 'pending', 'check-gate')]
    expect(fallen([step('train', 'running'), ...ahead])?.gpus).toEqual({ 'gpu-train': 8 })
    expect(fallen([step('train', 'done'), ...ahead])?.gpus).toEqual({ 'gpu-train': 1 })
    expect(fallen([step('train', 'done'), step('evaluate', 'done')])?.gpus).toEqual({})
  })

  it('keeps its dollars: what remains may cost all that is left of the bound', () => {
    expect(fallen([step('train', 'done'), step('evaluate', 'pending')])?.dollars).toBe(223.83)
  })

  it('keeps all while there is a move to be made: the way back may need it', () => {
    const moves = [step('move-1', 'done', 'roll-out-model'), step('move-2', 'pending', 'roll-out-model')]
    expect(fallen(moves, { stands: { 'gpu-train': 4 } })?.gpus).toEqual({ 'gpu-train': 8 })
    expect(fallen([step('move-1', 'done', 'roll-out-model')], { stands: { 'gpu-train': 4 } })?.gpus).toEqual({
      'gpu-train': 4,
    })
  })

  it('keeps all while it ends: what runs is not seen gone yet', () => {
    const ending = { kind: 'cancelled', reason: null, detail: '' } as const
    expect(fallen([step('train', 'failed')], { ending })?.gpus).toEqual({ 'gpu-train': 8 })
  })

  it('to no GPUs once its pods are seen gone, though its object stays', () => {
    const run = runOf({ hold })
    expect(withoutGpus(wanted({ run }), run).run?.hold).toEqual({ ...hold, gpus: {} })
    expect(withoutGpus(wanted({ run: runOf() }), runOf()).run?.hold).toBeNull()
  })
})

describe('what stays held once a run is over', () => {
  const stays = (lane: string, run: Partial<Run>, isHalfway = false) => {
    const kind = kindOf(laneKinds, lane)
    if (kind === undefined) throw new Error(`no kind of lane for ${lane}`)
    const doc = docOf({ lane, stands: { 'gpu-serve': 6 } })
    return standsAfter({ doc, kind, world: null }, runOf(run), { isHalfway, baseline: null })
  }
  const move = (state: Mark['state']) => step('move-1', state, 'roll-out-model')

  it('is nothing of what runs once', () => {
    expect(stays(PIPELINE, { hold, steps: [step('train', 'done')] })).toBeUndefined()
  })

  it('is what was seen to stand when the last move was done', () => {
    expect(stays(SERVICE, { hold, steps: [move('done')], stands: { 'gpu-serve': 4 } })).toEqual({ 'gpu-serve': 4 })
  })

  it('is all that was held where it ends halfway: the way back may still need it', () => {
    const steps = [move('done')]
    expect(stays(SERVICE, { hold, steps, stands: { 'gpu-serve': 4 } }, true)).toEqual(hold.gpus)
    expect(stays(SERVICE, { hold: null, steps, stands: { 'gpu-serve': 4 } }, true)).toEqual({ 'gpu-serve': 6 })
  })

  it('is that too after a way back that held nothing itself: what it took away is held no more', () => {
    expect(stays(SERVICE, { hold: null, steps: [move('done')], stands: {} })).toEqual({})
    expect(stays(SERVICE, { hold: null, steps: [move('running')] })).toEqual({ 'gpu-serve': 6 })
  })

  it('is all that was held after a move that was not seen done, and what stood before when none was made', () => {
    const steps = [move('done'), { ...move('running'), name: 'move-2' }]
    expect(stays(SERVICE, { hold, steps, stands: { 'gpu-serve': 4 } })).toEqual(hold.gpus)
    expect(stays(SERVICE, { hold, steps: [move('pending')] })).toEqual({ 'gpu-serve': 6 })
    expect(stays(SERVICE, { hold: null, steps: [] })).toEqual({ 'gpu-serve': 6 })
  })
})

describe('a lane that is at rest', () => {
  const kind = kindOf(laneKinds, SERVICE) as NonNullable<ReturnType<typeof kindOf>>
  const seen = (asked: number, used: number, stands?: Record<string, number>) => {
    const generation = standing(1, asked / 4)
    const world = emptyWorld({
      pools: { 'gpu-serve': emptyPool('gpu-serve', { usedByLane: used }) },
      generations: [generation],
    })
    const doc = docOf({ lane: SERVICE, stands })
    return withSeenStanding({ doc, now: NOW, kind, world }, changed(doc)).doc.stands
  }

  it('holds what is seen to stand of it: what is asked for, or more where pods have more', () => {
    expect(seen(8, 4, { 'gpu-serve': 4 })).toEqual({ 'gpu-serve': 8 })
    expect(seen(4, 8, { 'gpu-serve': 4 })).toEqual({ 'gpu-serve': 8 })
    expect(seen(0, 4, { 'gpu-serve': 8 })).toEqual({ 'gpu-serve': 4 })
    expect(seen(0, 0, { 'gpu-serve': 8, other: 1 })).toEqual({})
    expect(seen(0, 0)).toBeUndefined()
  })

  it('says what stands beside the baseline, or in its place, for as long as that is so', () => {
    const baseline = { generation: 1, desired: served('7'), replicas: 2 }
    const doc = docOf({ lane: SERVICE, baseline })
    const at = (generations: GenerationView[], before = doc) =>
      withSeenStanding({ doc: before, now: NOW, kind, world: emptyWorld({ generations }) }, changed(before)).doc
    const both = [standing(1, 2), standing(3, 1), standing(4, 0)]
    const said = at(both)
    expect(said.beside).toMatch(/^generation 1 with 2 replicas and generation 3 with 1 replica stand side by side: /)
    expect(at(both, said)).toBe(said)
    expect('beside' in at([standing(1, 2), standing(3, 0)], said)).toBe(false)
    const gone = /^of what was judged last \(serve support-llama v7\) nothing stands any more: promote .*say retry$/
    for (const nothing of [[], [standing(1, 0)]]) {
      expect(at(nothing, said).beside).toMatch(gone)
      // Nothing was ever judged that could stand.
      expect('beside' in at(nothing, { ...said, baseline: null })).toBe(false)
    }
    expect('beside' in at([standing(1, 2)], at([]))).toBe(false)
    const other = /^generation 3 with 2 replicas stands, which is not what was judged last: /
    expect(at([standing(1, 0), standing(3, 2)]).beside).toMatch(other)
    expect(at([standing(3, 2)], { ...doc, baseline: null }).beside).toMatch(other)
  })

  it('says where nobody asks what was judged and stands: its Service leads elsewhere, or is gone', () => {
    const parked = docOf({ lane: SERVICE, baseline: { generation: 1, desired: served('7'), replicas: 2 } })
    const ended = { kind: 'succeeded', reason: null, detail: '', generation: 1, attempt: 1, at: NOW, against: null }
    const at = (traffic: Traffic, doc: LaneDocument = { ...parked, outcome: { ...ended, stages: [] } as never }) =>
      withSeenStanding(
        { doc, now: NOW, kind, world: emptyWorld({ generations: [standing(1, 2)], traffic }) },
        changed(doc),
      ).doc.beside
    for (const elsewhere of [null, 0, 7] as const)
      expect(at(elsewhere)).toMatch(/^nobody asks generation 1 with 2 replicas: .*retry leads it there$/)
    // A retry would be of what has ended otherwise.
    expect(at(null, parked)).toMatch(/gone$/)
    for (const there of [1, 'all'] as const) expect(at(there)).toBeUndefined()
  })

  it('says beside a run who has changed what of what was judged, and what stands beside it while that has begun nothing', () => {
    const baseline = { generation: 1, desired: served('7'), replicas: 2 }
    const at = (generations: GenerationView[], run: Partial<Run> = {}) => {
      const doc = docOf({ lane: SERVICE, baseline, run: { ...runOf(), ...run } })
      const world = { ...emptyWorld({ generations }), traffic: 1 }
      return withSeenStanding({ doc, now: NOW, kind, world }, changed(doc)).doc.beside
    }
    const ready = (one: GenerationView): GenerationView => ({ ...one, ready: one.replicas })
    const edit = { field: '.spec.replicas', by: 'kubectl-edit' }
    const edited: GenerationView = { ...ready(standing(1, 2)), edited: [edit] }
    expect(at([ready(standing(1, 2))])).toBeUndefined()
    expect(at([edited])).toMatch(/of generation 1, which is not what was judged$/)
    expect(at([ready(standing(1, 2)), standing(3, 1)])).toBe('generation 3 with 1 replica stands beside generation 1')
    const begun = { steps: [step('move-1', 'running', 'roll-out-model')] }
    expect(at([ready(standing(1, 2)), standing(3, 1)], begun)).toBeUndefined()
    expect(at([edited, standing(3, 1)], begun)).toMatch(/which is not what was judged$/)
  })

  it('is left alone while a run is under way, where nobody has looked, and of a kind of which nothing stands', () => {
    const doc = docOf({ lane: SERVICE, stands: { 'gpu-serve': 8 } })
    const world = emptyWorld()
    const under = { ...doc, run: runOf() }
    expect(withSeenStanding({ doc: under, now: NOW, kind, world }, changed(under)).doc).toBe(under)
    expect(withSeenStanding({ doc, now: NOW, kind, world: null }, changed(doc)).doc).toBe(doc)
    const once = kindOf(laneKinds, PIPELINE) as typeof kind
    expect(withSeenStanding({ doc, now: NOW, kind: once, world }, changed(doc)).doc).toBe(doc)
  })
})
