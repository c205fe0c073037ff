import { userInfo } from 'node:os'
import type { Command as Commander } from 'commander'
import { DURATION, isTooLong, milliseconds } from '../../core/duration.ts'
import { poolRoom } from '../../core/lane/room.ts'
import { parsePolicy } from '../../core/policy.ts'
import { amountText } from '../../core/pools/counts.ts'
import { leftText } from '../../core/pools/lease.ts'
import { minuteText } from '../../core/text.ts'
import { type PoolNow, poolsNow } from '../../flows/leases.ts'
import type { Command } from '../../local/house-type.ts'
import { stoppedAt } from '../../local/main.ts'
import { readSimulated } from '../../local/policies/file-policies.ts'
import { findRunning, runningClient } from '../client.ts'
import { columns, EXIT, Explained, type Output, show, type Where } from '../output.ts'
import { command, freezeEnd } from './act.ts'
import { withInstallation } from './in-aws.ts'
import { withLedger } from './ledger.ts'

export interface LeaseFlags extends Where {
  by: string
  for?: string
  until?: string
  extend?: string
  end?: boolean
  of?: string
}

/** What the command is for. */
export const LEASES =
  'GPUs on top of a pool’s ceiling for a while: `lease gpu-train +8 --for 6h`; alone it lists what is leased, with the time left'

/** The options of the command, and what it does. */
export const leasing = (adding: Commander, output: Output, done: (code: number) => void): Commander =>
  adding
    .option('--for <duration>', 'how long from now: 6h. Without a number of GPUs: a lease that runs')
    .option('--until <time>', 'until when: 2026-11-24T18:00Z')
    .option('--extend <duration>', 'a lease goes on so long after its end')
    .option('--end', 'a lease ends now: what runs is finished, and nothing new begins on it')
    .option('--of <lease>', 'which one, where there are several: g4')
    .option('--by <name>', 'who you are', userInfo().username)
    .action(async (pool: string | undefined, gpus: string | undefined, flags: LeaseFlags) =>
      done(await lease({ pool, gpus }, flags, output)),
    )

type Leasing = Extract<Command, { kind: 'lease' }>

/** Leases GPUs of a pool, lets a lease go on or ends it; without a pool it lists what is leased, with the time left. */
export const lease = async (
  { pool, gpus }: { pool?: string | undefined; gpus?: string | undefined },
  flags: LeaseFlags,
  output: Output,
): Promise<number> => {
  const asked = [flags.for, flags.until, flags.extend, flags.end].some((flag) => flag !== undefined)
  if (gpus === undefined && !asked) return listed(pool, flags, output)
  if (pool === undefined) throw new Explained('say which pool: `signalbox lease gpu-train +8 --for 6h`', EXIT.usage)
  return command(await leaseOf({ pool, gpus }, flags), flags, output)
}

/** What is asked for, said once and in one way. A duration counts from the product's now: its time may be a virtual one. */
const leaseOf = async (
  { pool, gpus }: { pool: string; gpus: string | undefined },
  flags: LeaseFlags,
): Promise<Leasing> => {
  const { by, of, extend, end, until, aws, data } = flags
  const lane = pool.startsWith(poolRoom('')) ? pool : poolRoom(pool)
  const common = { kind: 'lease' as const, lane, by, ...(of === undefined ? {} : { of }) }
  const said = [flags.for, until, extend, end].filter((flag) => flag !== undefined)
  if (said.length !== 1) throw new Explained('say one of --for, --until, --extend and --end', EXIT.usage)
  if (gpus !== undefined && (extend !== undefined || end === true))
    throw new Explained('--extend and --end are about a lease as it is: leave the number of GPUs out', EXIT.usage)
  if (end === true) return { ...common, does: 'end' }
  if (extend !== undefined) return { ...common, does: 'extend', more: durationOf('--extend', extend) }
  const now = aws === undefined ? await nowOf(data) : Date.now()
  const time = until === undefined ? now + durationOf('--for', flags.for ?? '') : freezeEnd(until, now)
  if (gpus === undefined) return { ...common, does: 'extend', until: time }
  return { ...common, does: 'take', gpus: countOf(gpus), until: time }
}

/** `+8`, and `8` too. */
const countOf = (text: string): number => {
  const [, digits] = /^\+?(\d{1,6})$/.exec(text) ?? []
  if (digits === undefined || Number(digits) === 0)
    throw new Explained(
      `${JSON.stringify(text)} is no number of GPUs, nor of nodes of a pool without: say +8`,
      EXIT.usage,
    )
  return Number(digits)
}

const durationOf = (flag: string, text: string): number => {
  if (!DURATION.test(text) || isTooLong(text) || milliseconds(text) === 0)
    throw new Explained(`${flag} is a duration such as 6h or 90m, not ${JSON.stringify(text)}`, EXIT.usage)
  return milliseconds(text)
}

const nowOf = async (data: string): Promise<number> => {
  const { health } = (await findRunning(data).get('/healthz')) as { health: { now: number } }
  return health.now
}

const listed = async (pool: string | undefined, where: Where, output: Output): Promise<number> => {
  const name = pool?.startsWith(poolRoom('')) === true ? pool.slice(poolRoom('').length) : pool
  const all = await poolsIn(where)
  const pools = name === undefined ? all : all.filter((one) => one.pool === name)
  if (name !== undefined && pools.length === 0)
    throw new Explained(`the policy has no pool ${name}: it has ${all.map((one) => one.pool).join(', ')}`, EXIT.usage)
  const head = ['POOL', 'CEILING', 'OWN', 'LEASE', 'GPUS', 'BY', 'UNTIL', 'LEFT']
  const notes = pools.flatMap(({ pool: of, unset, capped }) => [
    ...(unset === null ? [] : [`${of} is not set so: ${unset}`]),
    ...(capped === undefined ? [] : [`${of}: ${capped}`]),
  ])
  show(output, { pools }, [columns([head, ...pools.flatMap(lines)]), ...notes].join('\n'))
  return EXIT.ok
}

const lines = ({ pool, ceiling, own, leases, counts }: PoolNow): string[][] => {
  const shown = (amount: number): string => (counts === undefined ? String(amount) : amountText(amount, { counts }))
  const first = [pool, shown(ceiling), shown(own)]
  if (leases.length === 0) return [[...first, '-', '-', '-', '-', '-']]
  return leases.map(({ id, gpus, by, until, left }, index) => [
    ...(index === 0 ? first : ['', '', '']),
    ...[id, `+${shown(gpus)}`, by, minuteText(until), leftText(left)],
  ])
}

const poolsIn = async (where: Where): Promise<PoolNow[]> => {
  const { aws, config, data } = where
  if (aws !== undefined)
    return withInstallation({ aws, config }, async ({ ledger, policies, clock }) =>
      poolsNow(ledger, { policy: await policies.load(), now: clock.now() }),
    )
  const client = runningClient(data)
  if (client !== null) return ((await client.get('/api/pools')) as { pools: PoolNow[] }).pools
  const policy = parsePolicy(await readSimulated(config))
  return withLedger(where, (ledger) => poolsNow(ledger, { policy, now: stoppedAt(data) ?? Date.now() }))
}
