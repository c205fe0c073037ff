import { shownFor } from '../../core/lane/commands.ts'
import {
  type CommandLetter,
  type GoOnLetter,
  type Letter,
  type LookLetter,
  letterRow,
  type VoteLetter,
} from '../../core/lane/letters.ts'
import { poolRoom } from '../../core/lane/room.ts'
import type { SideRow } from '../../core/rows.ts'
import { ANA, CEILING, LANE, POOL, type PolicyName } from './policies.ts'
import { eventAt } from './reaction.ts'
import { type Doing, docOf, type Model, type Move, type State } from './state.ts'
import { withJob } from './world.ts'

/** A freeze that ends before a question does, and one that outlasts it. Milliseconds. */
const [SHORT_FREEZE, LONG_FREEZE] = [30 * 60_000, 2 * 3_600_000]
/** How long another lane asks a far side that is away. Milliseconds. */
const AWAY = 100_000
/** How long something incomplete may stay so. Milliseconds. */
const COMPLETE_WITHIN = 3_600_000

/** What people and sources may do now, each once less for it. */
export const movesOfPeople = (model: Model, state: State): Move[] => {
  if (state.left.doings === 0) return []
  const left = { ...state.left, doings: state.left.doings - 1 }
  return model.config.doings.flatMap((doing) =>
    (DOINGS[doing](state, doing) ?? []).map(({ label, state: after }) => ({ label, state: { ...after, left } })),
  )
}

type Does = (state: State, doing: Doing) => Move[] | null

const one = (label: string, state: State): Move[] => [{ label, state }]

/** A letter with its due row, as doors write them. */
const leave = <L extends Letter>(
  state: State,
  letter: Omit<L, 'id' | 'lane' | 'at' | 'due'>,
  at = state.now,
): State => {
  const id = `${String(at).padStart(14, '0')}.${String(state.count).padStart(6, '0')}`
  const written = { ...letter, id, lane: LANE, at, due: state.now } as unknown as Letter
  const key = `${letterRow(written)} ${LANE}#${id}`
  const rows = { ...state.ledger.rows, [key]: { id: `${LANE}#${id}`, revision: 1, value: written } }
  const due = { ...state.ledger.due, [id]: state.now }
  return { ...state, count: state.count + 1, ledger: { ...state.ledger, rows, due } }
}

/** Something tells the lane to look at a place. */
export const leaveLook = (state: State, place: string, from: LookLetter['from'] = 'door'): State =>
  leave<LookLetter>(state, { kind: 'look', event: eventAt(place), from, waits: null, tries: 0 })

const newer = (state: State, place: string, complete = true): State => {
  const version = state.world.newest + 1
  const said = { version, order: version, complete, until: state.now + COMPLETE_WITHIN }
  const world = { ...state.world, newest: version, source: { ...state.world.source, [place]: said } }
  return leaveLook({ ...state, world }, place)
}

/** The source says the version before again. */
const backAgain = (state: State): State => {
  const said = state.world.source['a']
  if (said === undefined) return state
  const order = state.world.newest + 1
  const source = { ...state.world.source, a: { ...said, version: said.version - 1, order } }
  return leaveLook({ ...state, world: { ...state.world, source, newest: order } }, 'a')
}

/** What is at `a` is at `b` too, written last. */
const copied = (state: State): State | null => {
  const said = state.world.source['a']
  if (said?.complete !== true) return null
  const order = state.world.newest + 1
  const source = { ...state.world.source, b: { ...said, order } }
  return leaveLook({ ...state, world: { ...state.world, source, newest: order } }, 'b')
}

const without = (state: State, place: string): State => {
  const { [place]: _, ...source } = state.world.source
  return { ...state, world: { ...state.world, source } }
}

const copies =
  (goes: boolean): Does =>
  (state, doing) => {
    const after = copied(state)
    return after === null ? null : one(`what is at a is ${doing} to b`, goes ? without(after, 'a') : after)
  }

/** Nobody tells that something is gone. */
const removes: Does = (state) =>
  Object.keys(state.world.source).map((place) => ({ label: `${place} is gone`, state: without(state, place) }))

const vote = (
  state: State,
  question: string,
  { verdict = 'approve', at = state.now }: { verdict?: VoteLetter['verdict']; at?: number } = {},
): State =>
  leave<VoteLetter>(
    state,
    { kind: 'vote', question, verdict, by: ANA, byName: '', workspace: 'T1', reason: null, replyTo: null },
    at,
  )

const openQuestion = (state: State): string | null => docOf(state)?.run?.question?.id ?? null

const votes =
  (verdict: VoteLetter['verdict']): Does =>
  (state) => {
    const question = openQuestion(state)
    return question === null ? null : one(`somebody says ${verdict}`, vote(state, question, { verdict }))
  }

const command = (state: State, kind: 'retry' | 'cancel', more: Partial<CommandLetter> = {}): State => {
  const doc = docOf(state)
  if (doc === null) return state
  const { from = null, wanted = false } = more
  const saw = shownFor(doc, { kind, wanted })
  return leave<CommandLetter>(state, { kind, by: 'ana', saw, from, wanted })
}

const commands =
  (kind: 'retry' | 'cancel', more: Partial<CommandLetter> = {}): Does =>
  (state, doing) =>
    docOf(state) === null ? null : one(`somebody says ${doing}`, command(state, kind, more))

const freezes =
  (length: number, lane = LANE): Does =>
  (state, doing) => {
    const value = { lane, by: 'ana', at: state.now, until: state.now + length }
    const key = `freeze ${lane}`
    if (state.ledger.rows[key] !== undefined) return null
    const rows = { ...state.ledger.rows, [key]: { id: lane, revision: 1, value } }
    return one(`somebody says ${doing}`, { ...state, ledger: { ...state.ledger, rows } })
  }

const thaws: Does = (state) => {
  const { [`freeze ${LANE}`]: freeze, ...rows } = state.ledger.rows
  const thawed = { ...state, ledger: { ...state.ledger, rows } }
  return freeze === undefined ? null : one('somebody thaws it', leave<GoOnLetter>(thawed, { kind: 'go-on' }))
}

const turns: Does = (state, doing) => {
  const policy: PolicyName = doing === 'restore' ? 'plain' : (doing as PolicyName)
  return state.policy === policy ? null : one(`the policy becomes ${policy}`, { ...state, policy })
}

const ends: Does = (state, doing) =>
  Object.entries(state.world.jobs)
    .filter(([, { state: at, run }]) => at === 'running' && run !== null)
    .map(([name, job]) => {
      const excused = doing !== 'poor' || state.past.excused
      const after = withJob(state, name, { ...job, state: doing as 'bad' | 'lost-node' | 'poor' })
      const results = doing === 'poor' ? { ...after.world.results, [name]: 0 } : after.world.results
      const world = { ...after.world, results }
      return {
        label: `Job ${name} ends: ${doing}`,
        state: { ...after, world, past: { ...after.past, excused: excused || doing === 'poor' } },
      }
    })

const deletes: Does = (state) =>
  Object.entries(state.world.jobs)
    .filter(([, { run }]) => run !== null)
    .map(([name]) => {
      const { [name]: _, ...created } = state.past.created
      const after = withJob(state, name, null)
      return {
        label: `somebody deletes Job ${name}`,
        state: { ...after, past: { ...after.past, created, excused: true } },
      }
    })

const cleans: Does = (state) =>
  Object.keys(state.world.results).map((name) => {
    const { [name]: _, ...results } = state.world.results
    const finished = state.past.finished.filter((one) => !one.endsWith(`:${name}`))
    return {
      label: `somebody deletes what ${name} wrote`,
      state: { ...state, world: { ...state.world, results }, past: { ...state.past, finished, excused: true } },
    }
  })

/** A Job of another content has the name that a step is about to take. */
const takesName: Does = (state) => {
  const plan = (
    state.ledger.rows[`plan ${LANE}`]?.value as { plan: { steps: { kind: string; job?: never }[] } } | undefined
  )?.plan
  const job = plan?.steps[0]?.job as { metadata: { name: string } } | undefined
  if (job === undefined || state.world.jobs[job.metadata.name] !== undefined) return null
  const object = { ...job, metadata: { ...job.metadata, annotations: {} } } as never
  const after = withJob(state, job.metadata.name, { object, uid: 'foreign', state: 'running', run: null })
  return one(`somebody makes a Job ${job.metadata.name}`, { ...after, past: { ...after.past, excused: true } })
}

const scales: Does = (state) =>
  Object.entries(state.world.deployments)
    .filter(([, { replicas }]) => replicas > 0)
    .map(([generation, deployment]) => {
      const deployments = { ...state.world.deployments, [generation]: { ...deployment, replicas: 0, ready: 0 } }
      return {
        label: `somebody scales generation ${generation} to 0`,
        state: {
          ...state,
          world: { ...state.world, deployments },
          past: { ...state.past, excused: true, moved: true },
        },
      }
    })

/** Another lane holds what there is, as long as it fits. */
const takesRoom: Does = (state) => {
  const held = state.ledger.sums['pool/p'] ?? 0
  if (held > 0) return null
  const ledger = { ...state.ledger, sums: { ...state.ledger.sums, 'pool/p': CEILING } }
  return one('others take the room', { ...state, ledger, world: { ...state.world, others: CEILING } })
}

/** Another lane has not heard from the cluster, and asks it for all. */
const away: Does = (state) => {
  const value: SideRow = {
    side: 'cluster',
    since: 0,
    said: '',
    refuses: false,
    probe: 'lane/b',
    until: state.now + AWAY,
  }
  if (state.ledger.rows['side cluster'] !== undefined) return null
  const rows = { ...state.ledger.rows, 'side cluster': { id: 'cluster', revision: 1, value } }
  return one('the cluster is away, and another lane asks it', { ...state, ledger: { ...state.ledger, rows } })
}

const DOINGS: Record<Doing, Does> = {
  newer: (state) => one('something newer is there', newer(state, 'a')),
  'other-place': (state) => one('something newer is at another place', newer(state, 'b')),
  again: (state) => one('the same event comes again', leaveLook(state, 'a')),
  half: (state) => one('something newer is half there', newer(state, 'a', false)),
  'back-again': (state) => one('the source goes back', backAgain(state)),
  copied: copies(false),
  moved: copies(true),
  removed: removes,
  yes: votes('approve'),
  no: votes('deny'),
  'old-yes': (state) => one('somebody says yes to an older question', vote(state, `${LANE}#1.0000000000000000.0`)),
  'slow-yes': (state) => {
    const question = openQuestion(state)
    const world = { ...state.world, doors: [...state.world.doors, { at: state.now, question: question ?? '' }] }
    return question === null ? null : one('somebody says yes, and the door is slow', { ...state, world })
  },
  cancel: commands('cancel'),
  'cancel-wanted': commands('cancel', { wanted: true }),
  retry: commands('retry'),
  'retry-from': commands('retry', { from: 'train' }),
  freeze: freezes(SHORT_FREEZE),
  'long-freeze': freezes(LONG_FREEZE),
  'pool-freeze': freezes(SHORT_FREEZE, poolRoom(POOL)),
  thaw: thaws,
  refuses: turns,
  changed: turns,
  shadow: turns,
  gone: turns,
  revoked: turns,
  restore: turns,
  bad: ends,
  'lost-node': ends,
  poor: ends,
  deleted: deletes,
  cleaned: cleans,
  'taken-name': takesName,
  scaled: scales,
  room: takesRoom,
  away,
}

/** Doors write what they have taken. */
export const doorWrites = (state: State): Move[] =>
  state.world.doors.map((door, index) => ({
    label: 'the door writes the vote',
    state: vote({ ...state, world: { ...state.world, doors: state.world.doors.toSpliced(index, 1) } }, door.question, {
      at: door.at,
    }),
  }))
