import { type Config, parsePolicy } from '../core/policy.ts'
import type { Ports } from '../flows/ports.ts'
import { readRow } from '../flows/rows.ts'
import { virtualClock } from '../local/clock.ts'
import { runUntil } from '../local/drive.ts'
import { type LocalHouse, openHouse } from '../local/house.ts'
import { fixedPolicies } from '../local/policies/file-policies.ts'
import { promote, registerVersion, uploadDataset } from '../local/scenario.ts'
import { openStores } from '../local/stores.ts'
import { openRounds, type Rounds } from './rounds.ts'
import { policyOf, secrets, uploaded } from './town.ts'

const LANE = 'pipeline/d-0'
const START = Date.UTC(2026, 10, 23, 12)

/** What stands behind the ports, and by which name the read of a lane that is looked at is known there. */
export interface Behind {
  /** Said after each figure. */
  over: string
  read: [port: string, method: string]
  /** Something new behind the ports; answers how they are wrapped, once. */
  open(): Promise<(ports: Ports, rounds: Rounds) => Ports>
}

const HERE: Behind = { over: '', read: ['ledger', 'read'], open: async () => (ports, rounds) => rounds.wrap(ports) }

const openCounted = async (behind: Behind, config: Config) => {
  const [wrap, rounds] = [await behind.open(), openRounds()]
  rounds.release()
  const stores = openStores(null)
  const clock = virtualClock(START)
  const policies = fixedPolicies(parsePolicy(config))
  const house = await openHouse({ stores, policies, secrets, clock, wrap: (ports) => wrap(ports, rounds) })
  await uploadDataset(house, { bucket: 'acme-datasets', folder: 'd-0/', rows: ['{}'] })
  const until = (done: () => Promise<boolean>) => runUntil(house, clock, { done, atMost: 24 * 3_600_000 })
  const close = async (): Promise<void> => {
    rounds.release()
    await house.close()
    stores.close()
  }
  return { house, rounds, until, close }
}

type Counted = Awaited<ReturnType<ReturnType<typeof openRounds>['until']>>

/** The line of a figure; `BENCH_CALLS=1` prints what each round asked. */
const line = ({ over }: Behind, what: string, { goal, counted }: { goal: number; counted: Counted }): string[] => [
  `${what}${over}: ${counted.rounds} sequential round trips (goal ≤ ${goal})`,
  ...(process.env['BENCH_CALLS'] === undefined
    ? []
    : counted.asked.map((names, n) => `    ${n + 1}. ${names.join(', ')}`)),
]

/** Event → Job, Job done → next Job, and a wake of a lane that rests: nobody is asked, one object. */
const automatic = async (behind: Behind): Promise<string[]> => {
  const { house, rounds, until, close } = await openCounted(behind, policyOf(1))
  const delivered = house.deliver(uploaded('d-0'))
  const first = await rounds.until('cluster', 'create')
  rounds.release()
  await delivered
  const jobs = async () => (await house.cluster.list('Job')).length
  // The first Job completes in the simulated cluster; its change is held back until it is counted.
  const second = until(async () => (await jobs()) === 2)
  await second
  const resting = await readRow(house.ports.ledger, 'lane', LANE)
  if (resting === null) throw new Error('the lane has no document')
  await close()
  return line(behind, 'event → Job, auto-approved, one object', { goal: 8, counted: first })
}

/** What a press of a button makes begin: how it came to be wanted, and the first write that is its own. */
interface Begins {
  what: string
  lane: string
  goal: number
  wanted(house: LocalHouse): Promise<unknown>
  first: 'create' | 'apply'
}

const JOB: Begins = {
  what: 'Job',
  lane: LANE,
  goal: 6,
  wanted: (house) => house.deliver(uploaded('d-0')),
  first: 'create',
}

/** It looks at what stands before it writes. */
const DEPLOYMENT: Begins = {
  what: 'Deployment',
  lane: 'service/m-d-0',
  goal: 7,
  wanted: async (house) => promote(house, 'm-d-0', await registerVersion(house, { model: 'm-d-0' })),
  first: 'apply',
}

/** Press of a button → the first object. */
const pressed = async (behind: Behind, { what, lane, goal, wanted, first }: Begins): Promise<string[]> => {
  const config = policyOf(1)
  const { house, rounds, until, close } = await openCounted(behind, {
    ...config,
    approvals: { ...config.approvals, autoApproveBelow: 0 },
  })
  await wanted(house)
  const question = async () => (await readRow(house.ports.ledger, 'lane', lane))?.value.run?.question ?? null
  await until(async () => (await question()) !== null)
  const answered = house.answer((await question())?.id ?? '', {
    by: config.approvals.approvers[0]?.id ?? '',
    verdict: 'approve',
    reason: null,
  })
  const counted = await rounds.until('cluster', first)
  rounds.release()
  await answered
  await close()
  return line(behind, `press of a button → ${what}`, { goal, counted })
}

/** A Job is done → the next Job: from the send of the wake that the watch makes. */
const goesOn = async (behind: Behind): Promise<string[]> => {
  const { house, rounds, until, close } = await openCounted(behind, policyOf(1))
  await house.deliver(uploaded('d-0'))
  const job = async () => (await house.cluster.list('Job'))[0] as { status?: { conditions?: { type: string }[] } }
  let counted: Counted | null = null
  // The watch wakes the lane as the Job completes: from there on calls are held and counted.
  const off = await house.cluster.watch({}, ({ object }) => {
    const done = (object as Awaited<ReturnType<typeof job>>).status?.conditions?.some(({ type }) => type === 'Complete')
    if (object.kind === 'Job' && done === true && counted === null) {
      counted = { rounds: 0, asked: [] }
      void rounds.until('cluster', 'create').then((found) => {
        counted = found
        rounds.release()
      })
    }
  })
  await until(async () => (await house.cluster.list('Job')).length === 2)
  off.stop()
  await close()
  const none = { rounds: Number.NaN, asked: [] }
  return line(behind, 'Job done → next Job', { goal: 5, counted: counted ?? none })
}

/** A wake of a lane that has nothing to do. */
const rests = async (behind: Behind): Promise<string[]> => {
  const { house, rounds, until, close } = await openCounted(behind, policyOf(1))
  await house.deliver(uploaded('d-0'))
  await until(async () => (await readRow(house.ports.ledger, 'lane', LANE))?.value.outcome != null)
  await house.advance()
  let calls = 0
  const before = rounds.until(...behind.read)
  await house.ports.queue.wake(LANE, 'bench')
  const counted = await before
  calls += counted.asked.length
  rounds.release()
  await close()
  return [
    `a wake of a lane that rests${behind.over}: ${counted.rounds - 1} round trip (goal 1), ${calls} rounds with its send`,
  ]
}

/** Sequential round trips, by counting with every call delayed alike. The queue's send counts, its delivery does not. */
export const roundTrips = async (behind = HERE): Promise<string[]> => [
  ...(await automatic(behind)),
  ...(await pressed(behind, JOB)),
  ...(behind === HERE ? await pressed(behind, DEPLOYMENT) : []),
  ...(await goesOn(behind)),
  ...(await rests(behind)),
]
