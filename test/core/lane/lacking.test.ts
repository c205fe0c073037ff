import { describe, expect, it } from 'vitest'
import { changed } from '../../../core/lane/change.ts'
import type { LaneDocument } from '../../../core/lane/document.ts'
import { lackIn, withLack } from '../../../core/lane/lacking.ts'
import type { GenerationView } from '../../../core/world.ts'
import { emptyWorld, standing } from '../training-fixture.ts'
import { docOf, MINUTE, NOW, SERVICE, served } from './fixture.ts'

const baseline = { generation: 1, desired: served('7'), replicas: 2 }
const doc = docOf({ lane: SERVICE, baseline })
const worldOf = (ready: number, lacks?: string) =>
  emptyWorld({ generations: [{ ...standing(1, 2), ready, ...(lacks === undefined ? {} : { lacks }) }] })
const of = (...generations: GenerationView[]) => emptyWorld({ generations })
/** The change that a look so many minutes on comes to. */
const at = (minutes: number, ready: number, before: LaneDocument = doc) =>
  withLack({ now: NOW + minutes * MINUTE }, worldOf(ready, 'waiting for a node'), changed(before))

describe('what serves and is not all ready', () => {
  it('is said, and why, where it stands alone as it was judged', () => {
    const said = (ready: number, lacks?: string) => lackIn(worldOf(ready, lacks), baseline)
    expect(said(0, 'waiting for a node')).toEqual(['generation 1: 0 of 2 ready: waiting for a node'])
    expect(said(1)).toEqual(['generation 1: 1 of 2 ready'])
    expect(said(2)).toEqual([])
    const two = of(...worldOf(0).generations, { ...standing(2, 1), ready: 1 })
    expect(lackIn(of(...worldOf(1).generations, standing(2, 1)), baseline)).toEqual([])
    expect(lackIn({ ...two, traffic: 'all' }, baseline)).toEqual([])
    expect(lackIn({ ...two, traffic: 1 }, baseline)).toEqual(['generation 1: 0 of 2 ready'])
    expect(lackIn(worldOf(1), null)).toEqual([])
  })

  it('is said where all of it is ready, and nobody is led to it, whatever keeps that from being set right', () => {
    const led = (traffic: number | 'all' | null) => lackIn({ ...worldOf(2), traffic }, baseline)
    expect([led(1), led('all')]).toEqual([[], []])
    const text = 'nobody answers: the Service that leads to generation 1 is gone or leads elsewhere'
    expect([led(null), led(2), led(0)]).toEqual([[text], [text], [text]])
    expect(lackIn({ ...of(...worldOf(2).generations, { ...standing(2, 1), ready: 1 }), traffic: 2 }, baseline)).toEqual(
      [],
    )
  })

  it('is said and told too where nothing of it stands any more, and nothing else either', () => {
    expect(lackIn(of(standing(1, 0)), baseline)).toEqual(['nobody answers: generation 1 has no replicas'])
    expect(lackIn({ ...of(standing(1, 0), { ...standing(2, 1), ready: 1 }), traffic: 2 }, baseline)).toEqual([])
    expect(lackIn({ ...of(standing(1, 0), { ...standing(2, 1), ready: 1 }), traffic: 1 }, baseline)).toHaveLength(1)
    expect(lackIn(of(), null)).toEqual([])
    const led = { ...of(standing(1, 0), { ...standing(2, 2), ready: 0, lacks: 'waiting for a node' }), traffic: 2 }
    expect(lackIn(led, baseline)).toEqual(['nobody answers: generation 2: 0 of 2 ready: waiting for a node'])
    expect(lackIn({ ...led, traffic: 'all' }, baseline)).toEqual([
      'nobody answers: generation 2: 0 of 2 ready: waiting for a node',
    ])
    // What a rollout has led requests to is what lacks, however much of what was judged before stands.
    const scaled = { ...of(standing(1, 0), standing(2, 0)), traffic: 2 }
    expect(lackIn(scaled, baseline)).toEqual(['nobody answers: generation 2 has no replicas'])
    const beside = { ...of(standing(1, 2), { ...standing(2, 1), ready: 0 }), traffic: 2 }
    expect(lackIn(beside, baseline)).toEqual(['nobody answers: generation 2: 0 of 1 ready'])
    // What comes in its place as people have agreed is said before it.
    const coming = { ...of(standing(1, 0), { ...standing(2, 1), ready: 0 }), traffic: 1 }
    expect(lackIn(coming, baseline)).toEqual([
      'nobody answers: generation 2: 0 of 1 ready; generation 1 has no replicas',
    ])
    expect(lackIn({ ...of(standing(1, 0), standing(2, 1)), traffic: 1 }, baseline)).toEqual([
      'nobody answers: generation 2 is ready, and nobody is led to it yet; generation 1 has no replicas',
    ])
    const strays = [{ ref: { kind: 'ReplicaSet', namespace: 'serving', name: 'r' }, generation: 1, pods: [] }] as never
    expect(lackIn({ ...of(), strays }, baseline)).toEqual([expect.stringContaining('runs on without its Deployment')])
    const none = emptyWorld({ generations: [] })
    const first = withLack({ now: NOW }, none, changed(doc))
    const late = withLack({ now: NOW + 5 * MINUTE }, none, changed(first.doc))
    const title = 'nobody answers: what was judged last (generation 1) is gone (for 5 min)'
    expect([first.tellings, late.tellings]).toMatchObject([[], [{ card: { title, tone: 'bad' } }]])
  })

  it.each([
    ['none', 0, 5],
    ['fewer', 1, 30],
  ])('is told once where %s of it is ready for as long as that may take to pass', (_, ready, minutes) => {
    const first = at(0, ready)
    const none = ready === 0 ? { none: { since: NOW } } : {}
    expect([first.doc.lacks, first.tellings]).toEqual([{ since: NOW, ...none }, []])
    const early = at(minutes - 1, ready, first.doc)
    expect([early.doc, early.tellings]).toEqual([first.doc, []])
    const late = at(minutes, ready, first.doc)
    const title = `generation 1: ${ready} of 2 ready: waiting for a node (for ${minutes} min)`
    expect(late.tellings).toMatchObject([{ kind: 'note', card: { title, tone: 'bad' } }])
    expect(late.moments).toMatchObject([{ kind: 'note', text: title }])
    expect(at(minutes + 60, ready, late.doc)).toEqual(changed(late.doc))
  })

  it.each([
    ['told', 40, 45],
    ['not told yet', 27, 32],
  ])('is told five minutes after the last has gone, by its own time, where that some are lacking was %s', (...row) => {
    const [, gone, tells] = row
    const fewer = at(gone - 1, 1, at(0, 1).doc).doc
    const none = at(gone, 0, fewer).doc
    expect(at(tells - 1, 0, none).tellings).toEqual([])
    const late = at(tells, 0, none)
    const title = 'generation 1: 0 of 2 ready: waiting for a node (for 5 min)'
    expect(late.tellings).toMatchObject([{ kind: 'note', card: { title, tone: 'bad' } }])
    expect(at(tells + 60, 0, late.doc)).toEqual(changed(late.doc))
    // Some answer, of which nobody is told who knows the worse; and then nobody again.
    const some = at(tells + 90, 1, late.doc)
    expect([some.doc.lacks, some.tellings]).toEqual([{ since: NOW, told: true }, []])
    expect(at(tells + 105, 0, at(tells + 100, 0, some.doc).doc).tellings).toHaveLength(1)
    const whole = `all that serves is ready again, after ${tells + 110} min`
    expect(at(tells + 110, 2, some.doc).tellings).toMatchObject([{ card: { title: whole, tone: 'good' } }])
  })

  it('is told after half an hour of what comes from none as it may, and of what nothing scales though something should', () => {
    const told = (more: Partial<GenerationView>, minutes: number) => {
      const seen = of({ ...standing(1, 2), upTo: 3, ...more })
      const first = withLack({ now: NOW }, seen, changed(doc))
      return withLack({ now: NOW + minutes * MINUTE }, seen, first).tellings
    }
    const wakes = { ready: 0, mayRest: true as const }
    expect([told(wakes, 29), told(wakes, 30).length, told({ ready: 0 }, 5).length]).toEqual([[], 1, 1])
    for (const replicas of [0, 2]) {
      const still = { replicas, ready: replicas, unscaled: 'it is paused' }
      expect(told(still, 29)).toEqual([])
      expect(told(still, 30)).toMatchObject([
        { card: { title: 'nothing scales generation 1: it is paused (for 30 min)', tone: 'bad' } },
      ])
    }
  })

  it('is told of later where a plan has named that nobody answers for a time', () => {
    const named = (minutes: number, before: LaneDocument) =>
      withLack({ now: NOW + minutes * MINUTE }, worldOf(0), changed(before), 25 * MINUTE)
    const first = named(0, doc)
    expect(named(24, first.doc).tellings).toEqual([])
    expect(named(25, first.doc).tellings).toMatchObject([
      { card: { title: 'generation 1: 0 of 2 ready (for 25 min)' } },
    ])
  })

  it('is told with how many are missing, where fewer stand than were judged, and are wanted: nobody is told that all is well', () => {
    const since = { since: NOW, told: true as const }
    const told = (had: object, ...standing: GenerationView[]) => {
      const before = { ...doc, baseline: { ...baseline, ...had }, lacks: since }
      const { tellings, doc: after } = withLack({ now: NOW + 25 * MINUTE }, of(...standing), changed(before))
      return [...tellings.map((one) => 'card' in one && [one.card.title, one.card.tone]), after.lacks]
    }
    const whole = [['all that serves is ready again, after 25 min', 'good'], undefined]
    const some = [['requests are answered again, after 25 min, by 1 of 2 replicas: 1 of what was judged is missing', 'neutral'], undefined] // biome-ignore format: a line
    expect(told({}, standing(1, 1))).toEqual(some)
    expect(told({ of: 2 }, standing(1, 1))).toEqual(some)
    expect([told({}, standing(1, 2)), told({ of: 1 }, standing(1, 1))]).toEqual([whole, whole])
    // What is scaled has as many as its autoscaler says.
    expect(told({}, { ...standing(1, 1), upTo: 4 })).toEqual(whole)
    expect(told({ replicas: null }, standing(1, 1))).toEqual(whole)
  })

  it('is told again once all of it is ready, where that was told; and forgotten', () => {
    const told = at(5, 0, at(0, 0).doc)
    const whole = at(9, 2, told.doc)
    expect(whole.doc.lacks).toBeUndefined()
    expect(whole.tellings).toMatchObject([
      { kind: 'note', card: { title: 'all that serves is ready again, after 9 min', tone: 'good' } },
    ])
    const untold = at(3, 2, at(0, 0).doc)
    expect([untold.doc.lacks, untold.tellings]).toEqual([undefined, []])
    expect(at(0, 2)).toEqual(changed(doc))
  })
})
