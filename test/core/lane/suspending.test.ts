import type { V1Job } from '@kubernetes/client-node'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LaneDocument } from '../../../core/lane/document.ts'
import { next } from '../../../core/lane/next.ts'
import { isPreemptible } from '../../../core/lane/preemptible.ts'
import { settle } from '../../../core/lane/settle.ts'
import {
  asSuspended,
  isSuspendedOtherwise,
  restOfSuspended,
  settleSuspended,
  suspending,
  suspendingOf,
} from '../../../core/lane/suspending.ts'
import type { View } from '../../../core/lane/view.ts'
import { monthBegin } from '../../../core/money/months.ts'
import type { RungRow } from '../../../core/money/rungs.ts'
import { suspendedBy, suspensionOf } from '../../../core/pods/suspended.ts'
import { HOUR, NOW, planRow, policyWith, running, runOf, viewOf, wanted } from './fixture.ts'

const policyOf = (preemptible: boolean) =>
  policyWith((config) => {
    config.budget = { name: 'ml-monthly', dollars: 1000, ladder: [{ at: 0.95, do: 'suspend-preemptible' }] }
    const [stage] = config.pipelines?.['support-chats']?.stages ?? []
    if (stage !== undefined) stage.preemptible = preemptible
  })
const policy = policyOf(true)
const row: RungRow = {
  ...{ lane: 'budget/ml-monthly', name: 'suspend-preemptible', at: 0.95, since: NOW - HOUR },
  ...{ until: monthBegin(NOW, 1), spent: 951, dollars: 1000, saves: 55.04 },
}
const made = { ref: { kind: 'Job', namespace: 'training', name: 'j' }, uid: 'u', at: NOW, result: null } as never
const mark = (over: object = {}) => running({ touched: true, made, ranFrom: NOW - HOUR, ...over })
const docWith = (over: object = {}): LaneDocument => wanted({ run: runOf({ phase: 'steps', steps: [mark(over)] }) })
const seen = (over: Partial<View> = {}): View =>
  viewOf({ policy, rungs: [row], doc: docWith(), plan: planRow, ...over })
const act = (view: View) => suspending(view, view.doc.run as never)
/** The plan with what another node costs for its stage, which a rung may suspend. */
const again = (dollars: number) => ({
  ...planRow,
  plan: { ...planRow.plan, steps: planRow.plan.steps.map((step) => ({ ...step, again: dollars })) as never },
})
const has = { is: true, since: NOW, at: NOW, by: 'me', fence: 4 }

describe('a stage that lets itself be suspended', () => {
  it('is first said to be, by whom and at which fence, then suspended, then looked at; and goes on likewise', () => {
    const first = seen()
    expect(next(first)).toEqual({ kind: 'mark-suspend', step: 'train', is: true })
    const { doc } = settle(first, { kind: 'mark-suspend', step: 'train', is: true }, { kind: 'nothing' })
    expect(doc.run?.steps[0]?.suspended).toEqual({ ...has, at: null })
    const second = seen({ doc })
    expect(next(second)).toEqual({ kind: 'suspend', step: 'train' })
    expect(suspendingOf(second, 'train')).toEqual({ rung: 'ml-monthly#suspend-preemptible', fence: 4 })
    const change = settle(second, { kind: 'suspend', step: 'train' }, { kind: 'suspended', came: { kind: 'so' } })
    expect(change).toMatchObject({ counts: ['suspended'], tellings: [{ kind: 'note' }] })
    expect(next(seen({ doc: change.doc }))).toEqual({ kind: 'see', step: 'train' })
    const over = seen({ doc: change.doc, rungs: [] })
    expect(next(over)).toEqual({ kind: 'mark-suspend', step: 'train', is: false })
    const goes = settle(over, { kind: 'mark-suspend', step: 'train', is: false }, { kind: 'nothing' })
    const gone = settleSuspended(seen({ doc: goes.doc, rungs: [] }), 'train', { kind: 'so' })
    expect(gone).toMatchObject({ counts: ['resumed'] })
    expect(gone.doc.run?.steps[0]).not.toHaveProperty('suspended')
  })

  it.each<[string, Partial<View>]>([
    ['no rung is in force', { rungs: [] }],
    ['its month is over', { now: monthBegin(NOW, 1) }],
    ['somebody has lifted it', { rungs: [{ ...row, lifted: { by: 'ben', at: NOW } }] }],
    ['the stage does not let itself be', { policy: policyOf(false) }],
    ['its Job is not made yet', { doc: docWith({ made: null, touched: false }) }],
  ])('is left alone where %s', (_, over) => {
    expect(act(seen(over))).toBeNull()
  })

  it('another takes over at a higher fence what was marked and perhaps not written', () => {
    const doc = docWith({ suspended: { ...has, by: 'other', at: null } })
    expect(act(seen({ doc }))).toEqual({ kind: 'mark-suspend', step: 'train', is: true })
    expect(act(seen({ doc, rungs: [] }))).toEqual({ kind: 'mark-suspend', step: 'train', is: false })
  })

  it('stays suspended in a freeze, which suspends nothing by itself', () => {
    const frozen = { rungs: [], frozenUntil: NOW + HOUR }
    expect(act(seen({ ...frozen, doc: docWith({ suspended: has }) }))).toBeNull()
    expect(act(seen(frozen))).toBeNull()
    expect(restOfSuspended(seen({ ...frozen, doc: docWith() }), mark({ suspended: has }))).toMatchObject({
      why: 'suspended',
      until: NOW + HOUR,
    })
  })

  it('is tried again after minutes where it could not be written, and looked at meanwhile', () => {
    const change = settleSuspended(seen({ doc: docWith({ suspended: { ...has, at: null } }) }), 'train', {
      kind: 'not',
      why: 'no',
      right: true,
    })
    expect(change.counts).toEqual(['not-allowed:cluster'])
    const at = (now: number) => act(seen({ doc: change.doc, now }))?.kind ?? null
    expect([at(NOW), at(NOW + 4 * 60_000), at(NOW + 5 * 60_000)]).toEqual([null, null, 'mark-suspend'])
  })

  it('could not be suspended and could not be let go: nobody is told that it stands still, since it runs', () => {
    const suspended = { ...has, is: false, at: null }
    const tells = (ranFrom: number | null) =>
      settleSuspended(seen({ doc: docWith({ suspended, ranFrom }) }), 'train', { kind: 'not', why: 'no' }).tellings
    expect([tells(NOW), tells(null).length]).toEqual([[], 1])
  })

  it.each([
    ['is suspended stays so', { suspended: has }, planRow, null],
    ['was planned as one that lets itself be is suspended', {}, again(1), 'mark-suspend'],
    ['was planned as none is left alone', {}, planRow, null],
  ])('of a pipeline that has left the policy, what %s', (_, over, plan, kind) => {
    const gone = policyWith((config) => {
      config.budget = { name: 'ml-monthly', dollars: 1000, ladder: [{ at: 0.95, do: 'suspend-preemptible' }] }
      config.pipelines = {}
    })
    const view = seen({ policy: gone, doc: docWith(over), plan })
    expect(act(view)?.kind ?? null).toBe(kind)
    expect(isSuspendedOtherwise(view)).toBe(kind !== null)
    // It goes on once the rung is over.
    const over_ = seen({ ...view, rungs: [] })
    expect(act(over_)).toEqual('suspended' in over ? { kind: 'mark-suspend', step: 'train', is: false } : null)
  })

  it('says who has let it go, as the API server writes it down, and waits ever longer before it is suspended again', () => {
    const letGo = (times: number): LaneDocument['run'] => {
      let one = mark({ suspended: has })
      for (let at = 0; at < times; at++) {
        if (at > 0) one = { ...one, suspended: { ...one.suspended, at: NOW } as never }
        one = asSuspended(one, { suspended: 'nobody', letGoBy: 'kubectl-patch' }, NOW)
      }
      return runOf({ phase: 'steps', steps: [one] })
    }
    const undone = (times: number) => letGo(times)?.steps[0]?.suspended?.undone
    expect(undone(1)).toEqual({ times: 1, by: 'kubectl-patch', after: NOW, node: NOW })
    expect([2, 3, 9].map((times) => (undone(times)?.after ?? 0) - NOW)).toEqual([5_000, 10_000, 60_000])
    const doc = wanted({ run: letGo(3) })
    expect([act(seen({ doc })), act(seen({ doc, now: NOW + 10_000 }))?.kind]).toEqual([null, 'mark-suspend'])
    // What holds it no more waits for nothing.
    expect(act(seen({ doc, rungs: [] }))?.kind).toBe('mark-suspend')
    expect(restOfSuspended(seen({ doc }), doc.run?.steps[0] as never)).toEqual({
      why: 'working',
      text: '; kubectl-patch has let it go 3 times, and it is suspended again each time',
      until: NOW + 10_000,
    })
  })

  it('who compares finds a lane that does otherwise than rungs say', () => {
    const otherwise = (doc: LaneDocument, rungs: RungRow[]) => isSuspendedOtherwise(seen({ doc, rungs }))
    expect([otherwise(docWith(), [row]), otherwise(docWith(), [])]).toEqual([true, false])
    expect([otherwise(docWith({ suspended: has }), [row]), otherwise(docWith({ suspended: has }), [])]).toEqual([
      false,
      true,
    ])
    expect([isPreemptible(seen()), isPreemptible(seen({ policy: policyOf(false) }))]).toEqual([true, false])
  })
})

/** What happens around a Job: rungs, people, freezes, two reconcilers that die between any two calls, and answers that come late. */
const HAPPENS = ['rung', 'no-rung', 'freeze', 'thaw', 'user-suspends', 'user-resumes'] as const
const events = fc.array(
  fc.oneof(
    fc.constantFrom(...HAPPENS),
    fc.record({ me: fc.constantFrom('a', 'b'), dies: fc.constantFrom('no', 'marked', 'written', 'late') }),
    fc.constant('late-arrives' as const),
  ),
  { minLength: 1, maxLength: 25 },
)

interface Late {
  patch: {
    metadata: { resourceVersion: string; annotations: Record<string, string | null> }
    spec?: { suspend: boolean }
  }
}

/** A Job of an API server that keeps fences, and a document of a ledger. */
const world = () => {
  const job = {
    metadata: { resourceVersion: '1', annotations: {} as Record<string, string> },
    spec: { suspend: false },
  }
  const state = { doc: docWith(), revision: 3, rungs: [] as RungRow[], frozen: false, now: NOW, late: [] as Late[] }
  const FENCE = 'signalbox.dev/fence-suspend'
  const bump = () => {
    job.metadata.resourceVersion = String(Number(job.metadata.resourceVersion) + 1)
  }
  const apply = ({ patch: { metadata, spec } }: Late): boolean => {
    if (metadata.resourceVersion !== job.metadata.resourceVersion) return false
    if (Number(metadata.annotations[FENCE]) < Number(job.metadata.annotations[FENCE] ?? 0)) return false
    for (const [key, value] of Object.entries(metadata.annotations)) {
      if (value === null) delete job.metadata.annotations[key]
      else job.metadata.annotations[key] = value
    }
    if (spec !== undefined) job.spec.suspend = spec.suspend
    bump()
    return true
  }
  const view = (me: string): View =>
    seen({
      ...{ me, doc: state.doc, revision: state.revision, rungs: state.rungs, now: state.now },
      frozenUntil: state.frozen ? NOW + 1000 * HOUR : null,
    })
  const commit = (doc: LaneDocument) => Object.assign(state, { doc, revision: state.revision + 1 })
  const reconcile = (me: string, dies: string) => {
    state.now += 60_000
    for (let acts = 0; acts < 4; acts++) {
      const now = act(view(me))
      if (now === null) break
      if (now.kind === 'mark-suspend') commit(settle(view(me), now, { kind: 'nothing' }).doc)
      if (dies === 'marked') return
      if (now.kind !== 'suspend') continue
      const { patch, left } = suspensionOf(job as V1Job, suspendingOf(view(me), 'train'))
      const write = { patch } as Late
      if (dies === 'late') return void state.late.push(write)
      apply(write)
      if (dies === 'written') return
      const came = left !== undefined ? ({ kind: 'left', why: left } as const) : ({ kind: 'so' } as const)
      commit(settleSuspended(view(me), 'train', came).doc)
    }
    const [stage] = state.doc.run?.steps ?? []
    const run = state.doc.run
    if (run === null || stage === undefined) return
    const looked = asSuspended(stage, { suspended: suspendedBy(job as V1Job) }, state.now)
    commit({ ...state.doc, run: { ...run, steps: [looked] } })
  }
  return { job, state, apply, bump, reconcile }
}

describe('whatever happens to it', () => {
  it('in the end it is suspended exactly while a rung or a freeze after one says so, or somebody else has suspended it', () => {
    fc.assert(
      fc.property(events, fc.boolean(), (all, ends) => {
        const { job, state, apply, bump, reconcile } = world()
        let theirs = false
        for (const event of all) {
          if (event === 'rung') state.rungs = [row]
          else if (event === 'no-rung') state.rungs = []
          else if (event === 'freeze' || event === 'thaw') state.frozen = event === 'freeze'
          else if (event === 'user-suspends' && !job.spec.suspend) {
            theirs = job.metadata.annotations['signalbox.dev/suspended-by'] === undefined
            job.spec.suspend = true
            bump()
          } else if (event === 'user-resumes') {
            theirs = false
            job.spec.suspend = false
            bump()
          } else if (event === 'late-arrives') {
            const late = state.late.shift()
            if (late !== undefined) apply(late)
          } else if (typeof event === 'object') reconcile(event.me, event.dies)
          if (theirs) expect(job.spec.suspend).toBe(true)
        }
        state.rungs = ends ? [row] : []
        state.frozen = false
        for (const late of state.late) apply(late)
        for (let looks = 0; looks < 4; looks++) reconcile('c', 'no')
        expect(job.spec.suspend).toBe(ends || theirs)
        // It rests so: another look changes nothing.
        const before = JSON.stringify([job, state.doc])
        reconcile('c', 'no')
        expect(JSON.stringify([job, state.doc])).toBe(before)
      }),
      { numRuns: 300 },
    )
  })
})
