import type { V1Job } from '@kubernetes/client-node'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { QUEUE_LABEL, type Workload } from '../../../core/kube.ts'
import type { LaneDocument } from '../../../core/lane/document.ts'
import { settle } from '../../../core/lane/settle.ts'
import { asSuspended, settleSuspended, suspending, suspendingOf } from '../../../core/lane/suspending.ts'
import type { View } from '../../../core/lane/view.ts'
import { monthBegin } from '../../../core/money/months.ts'
import type { RungRow } from '../../../core/money/rungs.ts'
import {
  FENCE_SUSPEND,
  SUSPENDED_BY,
  type Suspending,
  suspensionOf,
  suspensionSeen,
} from '../../../core/pods/suspended.ts'
import { HOUR, NOW, planRow, policyWith, running, runOf, viewOf, wanted } from './fixture.ts'

const policy = policyWith((config) => {
  config.budget = { name: 'ml-monthly', dollars: 1000, ladder: [{ at: 0.95, do: 'suspend-preemptible' }] }
  Object.assign(config.pipelines?.['support-chats']?.stages[0] ?? {}, { preemptible: true })
  Object.assign(config.pools['gpu-train'] ?? {}, { queue: 'gpu' })
})
const row: RungRow = {
  ...{ lane: 'budget/ml-monthly', name: 'suspend-preemptible', at: 0.95, since: NOW - HOUR },
  ...{ until: monthBegin(NOW, 1), spent: 951, dollars: 1000, saves: 55.04 },
}
const made = { ref: { kind: 'Job', namespace: 'training', name: 'j' }, uid: 'u', at: NOW, result: null } as never
const docWith = (): LaneDocument =>
  wanted({ run: runOf({ phase: 'steps', steps: [running({ touched: true, made, ranFrom: NOW - HOUR })] }) })

/** What happens around a Job that Kueue lends to: rungs, people, Kueue in its own time, and reconcilers that stop before any of their writes, for ever or until they come late. */
const HAPPENS = ['rung', 'no-rung', 'deactivates', 'activates', 'kueue', 'kueue-forgets', 'late-arrives'] as const
type Event = (typeof HAPPENS)[number] | { me: string; stops: number; late: boolean }
const events: fc.Arbitrary<Event[]> = fc.array(
  fc.oneof(
    fc.constantFrom(...HAPPENS),
    fc.record({ me: fc.constantFrom('a', 'b'), stops: fc.constantFrom(0, 1, 2, 9, 9), late: fc.boolean() }),
  ),
  { minLength: 1, maxLength: 30 },
)

const [whole, halfway] = [
  { me: 'b', stops: 9, late: false },
  { me: 'a', stops: 2, late: true },
]
/** Who lets it go stops between its two writes; a rung has it suspended anew meanwhile, which it is still; then the second write comes. */
const LATE: Event[] = ['rung', whole, 'no-rung', halfway, 'rung', whole, 'late-arrives', whole]

interface Kept {
  metadata: { resourceVersion: string; labels: Record<string, string>; annotations: Record<string, string> }
  spec: { suspend?: boolean; active?: boolean }
}
interface Patch {
  metadata: { resourceVersion: string; annotations: Record<string, string | null> }
  spec?: object
}

/** An API server that keeps revisions, and fences of the Job alone; Kueue; and a document of a ledger. */
const world = () => {
  let revision = 1
  const kept = (spec: Kept['spec']): Kept => ({
    metadata: { resourceVersion: String(revision++), labels: { [QUEUE_LABEL]: 'gpu' }, annotations: {} },
    spec,
  })
  const there = { job: kept({ suspend: false }), workload: kept({ active: true }) }
  const state = { doc: docWith(), revision: 3, rungs: [] as RungRow[], now: NOW, theirs: false }
  const bump = (object: Kept) => {
    object.metadata.resourceVersion = String(revision++)
  }
  const write = (object: Kept, { metadata, spec }: Patch): 'patched' | 'moved' => {
    if (metadata.resourceVersion !== object.metadata.resourceVersion) return 'moved'
    const before = JSON.stringify(object)
    for (const [key, value] of Object.entries(metadata.annotations)) {
      if (value === null) delete object.metadata.annotations[key]
      else object.metadata.annotations[key] = value
    }
    Object.assign(object.spec, spec)
    // Who writes what is there already changes no revision.
    if (JSON.stringify(object) !== before) bump(object)
    return 'patched'
  }
  const seen = (): { job: V1Job; workload: Workload } => structuredClone(there) as never
  /** As the act writes; between any two calls somebody else may. Answers why it was left, or null. */
  function* written(given: Suspending): Generator<undefined, string | null | 'denied'> {
    for (let tries = 0; tries < 5; tries++) {
      const { job, workload } = seen()
      const { patch, lent, left = null } = suspensionOf(job, given, workload)
      yield
      if (given.fence < Number(there.job.metadata.annotations[FENCE_SUSPEND] ?? 0)) return 'denied'
      if (write(there.job, patch as Patch) === 'moved') continue
      yield
      if (write(there.workload, lent as Patch) === 'patched') return left
    }
    return 'denied'
  }
  return { there, state, bump, kept, seen, written }
}

const late: Generator<undefined, unknown>[] = []
const lives = () => {
  const { there, state, bump, kept, seen, written } = world()
  const view = (me: string): View =>
    viewOf({ policy, plan: planRow, me, doc: state.doc, revision: state.revision, rungs: state.rungs, now: state.now })
  const commit = (doc: LaneDocument) => Object.assign(state, { doc, revision: state.revision + 1 })
  const reconcile = (me: string, { stops, isLate }: { stops: number; isLate: boolean }) => {
    state.now += 60_000
    for (let acts = 0; acts < 4; acts++) {
      const now = suspending(view(me), view(me).doc.run as never)
      if (now?.kind === 'mark-suspend') commit(settle(view(me), now, { kind: 'nothing' }).doc)
      if (stops === 0) return
      if (now === null) break
      if (now.kind !== 'suspend') continue
      const writes = written(suspendingOf(view(me), 'train'))
      let last = writes.next()
      for (let done = 1; !last.done && done < stops; done++) last = writes.next()
      if (!last.done) {
        if (isLate) late.push(writes)
        return
      }
      if (last.value === 'denied') return
      const came = last.value === null ? ({ kind: 'so' } as const) : ({ kind: 'left', why: last.value } as const)
      commit(settleSuspended(view(me), 'train', came).doc)
    }
    const run = state.doc.run
    const [stage] = run?.steps ?? []
    if (run === null || stage === undefined) return
    const { job, workload } = seen()
    commit({ ...state.doc, run: { ...run, steps: [asSuspended(stage, suspensionSeen(job, workload), state.now)] } })
  }
  const happens: Record<(typeof HAPPENS)[number], () => void> = {
    rung: () => void Object.assign(state, { rungs: [row] }),
    'no-rung': () => void Object.assign(state, { rungs: [] }),
    deactivates: () => {
      if (there.workload.spec.active === false) return
      state.theirs = there.workload.metadata.annotations[SUSPENDED_BY] === undefined
      there.workload.spec.active = false
      bump(there.workload)
    },
    activates: () => {
      Object.assign(state, { theirs: false })
      there.workload.spec.active = true
      bump(there.workload)
    },
    kueue: () => {
      if (there.job.spec.suspend === !there.workload.spec.active) return
      there.job.spec.suspend = !there.workload.spec.active
      bump(there.job)
    },
    'kueue-forgets': () => {
      Object.assign(state, { theirs: false })
      there.workload = kept({ active: true })
    },
    'late-arrives': () => {
      const writes = late.shift()
      for (let more = writes?.next(); more !== undefined && !more.done; ) more = writes?.next()
    },
  }
  return { there, state, happens, reconcile }
}

it('in the end its Workload is inactive exactly while a rung says so, or somebody else has deactivated it, whoever died or came late between two writes', () => {
  fc.assert(
    fc.property(events, fc.boolean(), (all, ends) => {
      late.length = 0
      let isLetGo = false
      const { there, state, happens, reconcile } = lives()
      for (const event of all) {
        if (typeof event === 'object') reconcile(event.me, { stops: event.stops, isLate: event.late })
        else happens[event]()
        if (state.theirs) expect(there.workload.spec.active).toBe(false)
        // Nobody is said to have let it go who has not: a late write of ours has met another revision.
        isLetGo ||= event === 'activates' || event === 'kueue-forgets'
        if (!isLetGo) expect(state.doc.run?.steps[0]?.suspended?.undone).toBeUndefined()
      }
      Object.assign(state, { rungs: ends ? [row] : [] })
      while (late.length > 0) happens['late-arrives']()
      for (let looks = 0; looks < 4; looks++) reconcile('c', { stops: 9, isLate: false })
      expect(there.workload.spec.active).toBe(!(ends || state.theirs))
      // It rests so, and Kueue has the Job follow: another look changes nothing.
      happens.kueue()
      const before = JSON.stringify([there, state.doc])
      reconcile('c', { stops: 9, isLate: false })
      expect(JSON.stringify([there, state.doc])).toBe(before)
    }),
    { numRuns: 1000, examples: [[LATE, true]] },
  )
})
