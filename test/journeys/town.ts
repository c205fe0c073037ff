import { linkSync, mkdirSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { emptyDocument, type LaneDocument, type Run, sameRun } from '../../core/lane/document.ts'
import { stateOf } from '../../core/lane/lane-state.ts'
import type { Question } from '../../core/lane/question.ts'
import { type Config, type Policy, parsePolicy } from '../../core/policy.ts'
import type { Outcome } from '../../core/reasons.ts'
import type { PastRow, PlanRow } from '../../core/rows.ts'
import { pastId } from '../../core/rows.ts'
import type { Metrics } from '../../flows/metrics-port.ts'
import type { Clock, Ports } from '../../flows/ports.ts'
import { readRow } from '../../flows/rows.ts'
import { virtualClock } from '../../local/clock.ts'
import { runUntil } from '../../local/drive.ts'
import { type LocalHouse, openHouse } from '../../local/house.ts'
import { fixedPolicies } from '../../local/policies/file-policies.ts'
import { fixedSecrets } from '../../local/secrets/local-secrets.ts'
import { openStores, type Stores } from '../../local/stores.ts'
import example from '../example.ts'

export const START = Date.UTC(2026, 10, 23, 12)
export const ANA = 'T0SIGNAL/U0APPROVER'
export const BEN = 'T0SIGNAL/U0BEN'
/** The id of a town's ledger. */
export const LEDGER = 'feedfacecafe'
const HOUR = 3_600_000

/** A run as people see it: under way, or with its outcome. */
export interface SeenRun extends Run {
  outcome: Outcome | null
  cost: number
}

/** A lane's document, with its state in one word. */
export interface SeenLane extends LaneDocument {
  state: ReturnType<typeof stateOf>
}

/** A house in memory on virtual time, with people in it. */
export interface Town {
  house: LocalHouse
  policy: Policy
  /** The lane's document now. */
  lane(lane: string): Promise<SeenLane>
  /** The wanted attempt's run, or another's: under way or past. */
  run(lane: string, generation?: number, attempt?: number): Promise<SeenRun | null>
  /** The plan of the run under way. */
  plan(lane: string): Promise<PlanRow | null>
  past(lane: string): Promise<PastRow[]>
  /** The open question of the lane's run, if there is one. */
  question(lane: string): Promise<Question | null>
  /** Goes on in virtual time until this holds; throws when it does not within so many hours. */
  until(what: string, done: () => Promise<boolean>, hours?: number): Promise<void>
  /** Goes on until the lane's wanted attempt has an outcome, and nothing is under way. */
  settled(lane: string, hours?: number): Promise<SeenLane>
  /** Goes on until the lane asks, and answers. */
  answered(lane: string, verdict?: 'approve' | 'deny', by?: string, reason?: string | null): Promise<void>
  /** GPUs of a pool (`pool/…`) or cents of a budget (`budget/…`) that are held, by lane; and their sum. */
  held(room: string): Promise<{ lanes: Record<string, number>; sum: number }>
  setPolicy(config: unknown): void
  advance(ms: number): Promise<void>
  /** The process dies and another one starts on what was stored; where a person says so, it adopts its namespaces. */
  reopen(wrap?: (ports: Ports) => Ports, adopt?: boolean): Promise<void>
  /** Another town that goes on from a copy of what is stored here, as a process does that starts on it; this one stays as it is. */
  copy(wrap?: (ports: Ports) => Ports): Promise<Town>
  close(): Promise<void>
}

export const openTown = ({
  config = example as Config,
  dataDir = null,
  stores = openStores(dataDir),
  at = START,
  wrap,
  metrics,
  adopt = false,
}: {
  config?: unknown
  /** Where everything is kept; in memory unless told. */
  dataDir?: string | null
  /** What is remembered already, and since when it is now. */
  stores?: Stores
  at?: number
  wrap?: (ports: Ports) => Ports
  /** Who is asked for metrics, on the town's clock; nobody unless told. */
  metrics?: ((clock: Clock) => Metrics) | undefined
  /** As a person says who has restored it. */
  adopt?: boolean
} = {}): Promise<Town> => townOn(stores, { config, wrap, metrics, at, adopt })

const townOn = async (
  stores: Stores,
  {
    config,
    wrap,
    metrics: metricsOn,
    at,
    adopt = false,
  }: {
    config: unknown
    wrap: ((ports: Ports) => Ports) | undefined
    metrics?: ((clock: Clock) => Metrics) | undefined
    at: number
    adopt?: boolean
  },
): Promise<Town> => {
  const clock = virtualClock(at)
  const policy = parsePolicy(config)
  const policies = fixedPolicies(policy)
  const metrics = metricsOn?.(clock)
  const secrets = fixedSecrets({
    'mlflow-webhook': 'test-secret',
    'alert-webhook': 'test-alerts',
    'slack-signing': 'test-signing-secret',
    token: 'test-token',
  })
  const open = (wrapper?: (ports: Ports) => Ports, adopt = false) =>
    openHouse({
      adopt,
      stores,
      policies,
      secrets,
      clock,
      metrics,
      wrap: wrapper,
      mint: () => LEDGER,
      onError: () => undefined,
    })
  const ledger = () => town.house.ports.ledger
  const document = async (lane: string): Promise<LaneDocument> =>
    (await readRow(ledger(), 'lane', lane))?.value ?? emptyDocument(town.policy, lane)
  const town: Town = {
    house: await open(wrap, adopt),
    policy,
    lane: async (lane) => {
      const doc = await document(lane)
      return { ...doc, state: stateOf(doc) }
    },
    run: async (lane, generation, attempt) => {
      const doc = await document(lane)
      const wanted = { generation: generation ?? doc.generation, attempt: attempt ?? doc.attempt }
      if (doc.run !== null && sameRun(doc.run, wanted)) return { ...doc.run, outcome: null, cost: 0 }
      const past = (await readRow(ledger(), 'past', pastId(lane, wanted)))?.value
      return past === undefined ? null : { ...past.run, outcome: past.outcome, cost: past.cost }
    },
    plan: async (lane) => (await readRow(ledger(), 'plan', lane))?.value ?? null,
    past: async (lane) => (await ledger().list('past', { prefix: `${lane}#`, limit: 1000 })).map(({ value }) => value),
    question: async (lane) => {
      const question = (await document(lane)).run?.question ?? null
      return question?.state === 'open' ? question : null
    },
    until: async (what, done, hours = 24) => {
      if (!(await runUntil(town.house, clock, { done, atMost: hours * HOUR })))
        throw new Error(`not within ${hours} hours: ${what}\n${await lastMoments(town)}`)
    },
    settled: async (lane, hours) => {
      await town.until(
        `${lane} has an outcome`,
        async () => {
          const { state, run } = await town.lane(lane)
          return run === null && state !== 'wanted' && state !== 'idle'
        },
        hours,
      )
      return town.lane(lane)
    },
    answered: async (lane, verdict = 'approve', by = ANA, reason = null) => {
      await town.until(`${lane} asks`, async () => (await town.question(lane)) !== null)
      const { id } = (await town.question(lane)) as Question
      const answer = await town.house.answer(id, { by, verdict, reason })
      if (answer.status !== 200 || answer.body['refused'] !== undefined)
        throw new Error(`the answer was refused: ${JSON.stringify(answer)}`)
    },
    held: async (room) => {
      const holds = await ledger().list('hold', { prefix: `${room}#`, limit: 1000 })
      return {
        lanes: Object.fromEntries(holds.map(({ value }) => [value.lane, value.amount])),
        sum: (await readRow(ledger(), 'sum', room))?.value.n ?? 0,
      }
    },
    setPolicy: (next) => policies.set(parsePolicy(next)),
    advance: async (ms) => {
      const end = clock.now() + ms
      await runUntil(town.house, clock, { done: async () => clock.now() >= end, atMost: ms })
    },
    reopen: async (wrapper, adopt) => {
      await town.house.close()
      town.house = await open(wrapper, adopt)
    },
    copy: (wrapper) => townOn(copyOf(stores), { config, wrap: wrapper, at: clock.now() }),
    close: async () => {
      await town.house.close()
      stores.close()
    },
  }
  return town
}

/** Files are the same files, so that their numbers and times stay as they were seen: nobody writes into one that is there. */
export const copyOf = (stores: Stores): Stores => {
  const copy = openStores(null)
  for (const name of ['ledger', 'world'] as const) copy[name].deserialize(stores[name].serialize())
  for (const entry of readdirSync(stores.buckets, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const folder = join(copy.buckets, relative(stores.buckets, entry.parentPath))
    mkdirSync(folder, { recursive: true })
    linkSync(join(entry.parentPath, entry.name), join(folder, entry.name))
  }
  return copy
}

const lastMoments = async (town: Town): Promise<string> =>
  (await town.house.ports.ledger.moments(null, { limit: 15 })).map(({ lane, text }) => `  ${lane}: ${text}`).join('\n')
