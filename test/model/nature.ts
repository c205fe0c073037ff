import { ANSWER_GRACE } from '../../core/answers.ts'
import { mayRepeat } from '../../core/lane/attempts.ts'
import { type Grant, pauseAfter } from '../../core/lane/change.ts'
import { emptyDocument, type LaneDocument, type Mark, type Rest } from '../../core/lane/document.ts'
import { settleGrant } from '../../core/lane/granting.ts'
import { patientFrom } from '../../core/lane/patience.ts'
import { poolRoom } from '../../core/lane/room.ts'
import { pool } from '../../core/lane-kinds/pool.ts'
import type { LineRow } from '../../core/rows.ts'
import { roomWrites } from '../../flows/room-writes.ts'
import { paperView } from '../../flows/view.ts'
import { freezesOf, lettersOf } from './consumer.ts'
import { deadlineOf, PATIENCE } from './far-sides.ts'
import { committed } from './ledger.ts'
import { mustBeGone, spent } from './moves.ts'
import { doorWrites } from './people.ts'
import { POOL } from './policies.ts'
import { docOf, HANDOVER, LIMIT, type Model, type Move, type State } from './state.ts'
import { observed, withJob } from './world.ts'

/** What happens by itself: work ends, requests land, time passes. */
export const movesOfNature = (model: Model, state: State): Move[] => [
  ...work(state),
  ...lands(model, state),
  ...doorWrites(state),
  ...frees(state),
  ...grants(model, state),
  ...hears(state),
  ...passes(model, state),
]

const work = (state: State): Move[] => [
  ...Object.entries(state.world.jobs).flatMap(([name, job]): Move[] => {
    if (job.state === 'deleting') return [{ label: `Job ${name} is gone`, state: withJob(state, name, null) }]
    if (job.state !== 'running' || job.run === null) return []
    const after = withJob(state, name, { ...job, state: 'ok' })
    return [
      {
        label: `Job ${name} ends well`,
        state: { ...after, world: { ...after.world, results: { ...after.world.results, [name]: 1 } } },
      },
    ]
  }),
  ...Object.entries(state.world.deployments)
    .filter(([, { ready, replicas }]) => ready < replicas)
    .map(([generation, one]) => ({
      label: `generation ${generation} is ready`,
      state: {
        ...state,
        world: {
          ...state.world,
          deployments: { ...state.world.deployments, [generation]: { ...one, ready: one.replicas } },
        },
      },
    })),
  ...Object.entries(state.world.source)
    .filter(([, { complete, until }]) => !complete && state.now <= until)
    .map(([place, said]) => ({
      label: `what is at ${place} is complete`,
      state: {
        ...state,
        world: { ...state.world, source: { ...state.world.source, [place]: { ...said, complete: true } } },
      },
    })),
]

const lands = (model: Model, state: State): Move[] =>
  state.world.flying.flatMap((one, index) => {
    const left: State = { ...state, world: { ...state.world, flying: state.world.flying.toSpliced(index, 1) } }
    return [
      { label: `lands: ${one.label}`, state: one.land(left, model) },
      { label: `never lands: ${one.label}`, state: left },
    ]
  })

const frees = (state: State): Move[] => {
  if (state.world.others === 0) return []
  const sums = { ...state.ledger.sums, 'pool/p': (state.ledger.sums['pool/p'] ?? 0) - state.world.others }
  return [
    {
      label: 'others free the room',
      state: { ...state, ledger: { ...state.ledger, sums }, world: { ...state.world, others: 0 } },
    },
  ]
}

/** The pool's lane grants who stands in its line, in a commit of its own. */
const grants = (model: Model, state: State): Move[] => {
  const rows = Object.entries(state.ledger.rows).flatMap(([key, { value }]) =>
    key.startsWith('line ') ? [value as LineRow] : [],
  )
  if (rows.length === 0) return []
  const frozenUntil = Math.max(0, ...freezesOf(state.ledger)) || null
  const heads = rows.map((row) => ({ row, frozenUntil, had: hadOf(state, row), behind: [] }))
  const policy = model.policies[state.policy]
  const doc = emptyDocument(policy, poolRoom(POOL))
  const paper = paperView({ policy, doc, kind: pool, reactions: [], now: state.now, self: null }, [])
  const view = { ...paper, world: observed(state), lines: { [doc.lane]: heads.length }, line: rows }
  const change = settleGrant(view, heads)
  if (change.grants.length === 0) return []
  const writes = roomWrites({ view, rows: new Map() }, { doc }, change)
  const done = committed(state.ledger, writes, model.guards)
  return done.ok === true ? [{ label: 'the pool grants', state: { ...state, ledger: done.ledger } }] : []
}

const hadOf = ({ ledger }: State, { lane, needs }: LineRow): Grant['had'] =>
  Object.fromEntries(
    Object.keys(needs).flatMap((room) => {
      const row = ledger.rows[`hold ${room}#${lane}`]
      return row === undefined ? [] : [[room, row as Grant['had'][string]]]
    }),
  )

/** The other lane hears from the cluster again. */
const hears = (state: State): Move[] => {
  const { 'side cluster': row, ...rows } = state.ledger.rows
  if ((row?.value as { probe: string } | undefined)?.probe !== 'lane/b') return []
  return [{ label: 'the other lane hears from the cluster', state: { ...state, ledger: { ...state.ledger, rows } } }]
}

/** Times at which a document's lane may behave otherwise. */
export const timesOf = (doc: LaneDocument): number[] => {
  const { due, rest, run, outcome, approved } = doc
  const question = run?.question ?? null
  const times = [
    due ?? 0,
    rest?.until ?? 0,
    approved !== null && !approved.begun ? approved.question.bounds.until + 1 : 0,
  ]
  if (question !== null && (question.state === 'open' || question.state === 'rejected'))
    times.push(question.until + 1, question.until + ANSWER_GRACE)
  for (const mark of run?.steps ?? []) if (mark.state === 'running') times.push(...timesOfMark(mark, rest))
  if (run?.line?.until != null) times.push(run.line.until + 1)
  if (outcome !== null && mayRepeat({ doc })) times.push(outcome.at + pauseAfter(doc.attempt + 3))
  return times
}

/** An outage uses up no patience: a move has what it had left, counted from when the outage may be over. */
const timesOfMark = (mark: Mark, rest: Rest | null): number[] => [
  ...(mark.touched ? [] : [(mark.markedAt ?? 0) + HANDOVER]),
  mark.kind === 'roll-out-model'
    ? patientFrom({ doc: { rest }, now: rest?.until ?? 0 }, mark) + PATIENCE + 1
    : mark.touched
      ? deadlineOf(mark)
      : 0,
]

/** When something may be otherwise by time alone, the next first. */
const timesAhead = ({ now, ledger, ...state }: State): number[] => {
  const doc = docOf({ ledger })
  const sides = Object.entries(ledger.rows).filter(([key]) => key.startsWith('side '))
  const times = [
    ...(doc === null ? [] : timesOf(doc)),
    ...lettersOf(ledger).map(({ due }) => due),
    ...freezesOf(ledger),
    ...sides.map(([, { value }]) => (value as { until: number }).until),
    ...Object.values(state.world.source).map(({ complete, until }) => (complete ? 0 : until + 1)),
  ].filter((time) => time > now)
  return [...new Set(times)].sort((a, b) => a - b)
}

/** Time passes to the next of them, or past some of them: whoever is due may be woken late. */
const passes = (model: Model, state: State): Move[] => {
  const from = state.inside.length === 0 ? state : lagging(model, state)
  if (from === null) return []
  const times = timesAhead(state)
  const shortlyBefore = lags(model) ? times.filter((at) => at > state.now + LIMIT).map((at) => at - LIMIT / 2) : []
  return [...shortlyBefore, ...times]
    .filter((at) => !isBarred(state, at))
    .map((at) => ({ label: `${Math.round((at - state.now) / 1000)} s pass`, state: { ...from, now: at } }))
}

/** What must have happened before. */
const isBarred = (state: State, at: number): boolean =>
  state.world.flying.some(({ until }) => at >= until) ||
  state.world.doors.some((door) => at >= door.at + ANSWER_GRACE) ||
  state.inside.some((consumer) => at > mustBeGone(consumer)) ||
  overdue(state, at)

/** Kubernetes ends a Job at its deadline, and a replica that can be ready is so in time: none passes beyond it before that. */
const overdue = (state: State, at: number): boolean =>
  (docOf(state)?.run?.steps ?? []).some(
    (mark) =>
      mark.state === 'running' &&
      ((isWorking(state, mark) && at > deadlineOf(mark)) ||
        (mark.kind === 'roll-out-model' && at > (mark.startedAt ?? 0) + PATIENCE && isComing(state))),
  )

const isWorking = ({ world }: State, { made }: Mark): boolean => {
  const job = made === null ? undefined : world.jobs[made.ref.name]
  return job?.state === 'running' && job.run !== null
}

const isComing = ({ world }: State): boolean =>
  Object.values(world.deployments).some(({ ready, replicas }) => ready < replicas)

/** Whether time may pass while somebody is inside; then it may also have come shortly before something changes. */
const lags = ({ config }: Model): boolean => config.faults.includes('lag')

const lagging = (model: Model, state: State): State | null =>
  state.left.faults > 0 && lags(model) ? spent(state) : null
