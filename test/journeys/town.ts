import { emptyLane } from '../../core/lane.ts'
import { runName } from '../../core/names.ts'
import { type Config, type Policy, parsePolicy } from '../../core/policy.ts'
import type { AnswerRow, LaneRow, RunRow } from '../../core/rows.ts'
import type { Ports } from '../../flows/ports.ts'
import { virtualClock } from '../../local/clock.ts'
import { runUntil } from '../../local/drive.ts'
import { type LocalHouse, openHouse } from '../../local/house.ts'
import { fixedPolicies } from '../../local/policies/file-policies.ts'
import { fixedSecrets } from '../../local/secrets/local-secrets.ts'
import { openStores } from '../../local/stores.ts'
import example from '../../signalbox.config.ts'

export const START = Date.UTC(2026, 10, 23, 12)
export const ANA = 'T0SIGNAL/U0APPROVER'
export const BEN = 'T0SIGNAL/U0BEN'
const HOUR = 3_600_000

/** A house in memory on virtual time, with people in it. */
export interface Town {
  house: LocalHouse
  policy: Policy
  /** The lane's row now. */
  lane(lane: string): Promise<LaneRow>
  run(lane: string, generation?: number, attempt?: number): Promise<RunRow | null>
  /** The open question of the lane's holder, if there is one. */
  question(lane: string): Promise<AnswerRow | null>
  /** Goes on in virtual time until this holds; throws when it does not within so many hours. */
  until(what: string, done: () => Promise<boolean>, hours?: number): Promise<void>
  /** Goes on until the lane's wanted run has an outcome. */
  settled(lane: string, hours?: number): Promise<LaneRow>
  /** Goes on until the lane asks, and answers. */
  answered(lane: string, verdict?: 'approve' | 'deny', by?: string, reason?: string | null): Promise<void>
  setPolicy(config: unknown): void
  advance(ms: number): Promise<void>
  /** The process dies and another one starts on what was stored. */
  reopen(wrap?: (ports: Ports) => Ports): Promise<void>
  close(): Promise<void>
}

export const openTown = async ({
  config = example as Config,
  dataDir = null,
  wrap,
}: {
  config?: unknown
  /** Where everything is kept; in memory unless told. */
  dataDir?: string | null
  wrap?: (ports: Ports) => Ports
} = {}): Promise<Town> => {
  const stores = openStores(dataDir)
  const clock = virtualClock(START)
  const policies = fixedPolicies(parsePolicy(config))
  const secrets = fixedSecrets({
    'mlflow-webhook': 'test-secret',
    'slack-signing': 'test-signing-secret',
    token: 'test-token',
  })
  const open = (wrapper?: (ports: Ports) => Ports) =>
    openHouse({
      stores,
      policies,
      secrets,
      clock,
      wrap: wrapper,
      onError: () => undefined,
    })
  const town: Town = {
    house: await open(wrap),
    policy: parsePolicy(config),
    lane: async (lane) => (await town.house.ports.ledger.read('lane', lane))?.value ?? emptyLane(lane),
    run: async (lane, generation, attempt) => {
      const row = await town.lane(lane)
      const id = runName(town.policy, {
        lane,
        generation: generation ?? row.generation,
        attempt: attempt ?? row.attempt,
      })
      return (await town.house.ports.ledger.read('run', id))?.value ?? null
    },
    question: async (lane) => {
      const { holder } = await town.lane(lane)
      const id = holder === null ? null : ((await town.run(lane, holder.generation, holder.attempt))?.answer ?? null)
      const row = id === null ? null : ((await town.house.ports.ledger.read('answer', id))?.value ?? null)
      return row?.state === 'open' && row.card !== null ? row : null
    },
    until: async (what, done, hours = 24) => {
      if (!(await runUntil(town.house, clock, { done, atMost: hours * HOUR })))
        throw new Error(`not within ${hours} hours: ${what}\n${await lastMoments(town)}`)
    },
    settled: async (lane, hours) => {
      await town.until(
        `${lane} has an outcome`,
        async () => !['wanted', 'idle'].includes((await town.lane(lane)).state),
        hours,
      )
      return town.lane(lane)
    },
    answered: async (lane, verdict = 'approve', by = ANA, reason = null) => {
      await town.until(`${lane} asks`, async () => (await town.question(lane)) !== null)
      const { id } = (await town.question(lane)) as AnswerRow
      const answer = await town.house.answer(id, { by, verdict, reason })
      if (answer.status !== 200 || answer.body['refused'] !== undefined)
        throw new Error(`the answer was refused: ${JSON.stringify(answer)}`)
    },
    setPolicy: (next) => policies.set(parsePolicy(next)),
    advance: async (ms) => {
      const end = clock.now() + ms
      await runUntil(town.house, clock, { done: async () => clock.now() >= end, atMost: ms })
    },
    reopen: async (wrapper) => {
      await town.house.close()
      town.house = await open(wrapper)
    },
    close: async () => {
      await town.house.close()
      stores.close()
    },
  }
  return town
}

const lastMoments = async (town: Town): Promise<string> =>
  (await town.house.ports.ledger.moments(null, { limit: 15 })).map(({ lane, text }) => `  ${lane}: ${text}`).join('\n')
