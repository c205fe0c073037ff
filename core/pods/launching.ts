import { createdAt } from '../kube.ts'
import { plainTime } from '../text.ts'
import type { Around } from './around.ts'
import { inBrackets } from './logs.ts'
import { toldAt } from './telling.ts'
import { claimsOf, conditionOf, isComing, type Standing, unreadyNote, unreadyOf } from './unready.ts'

/** Whose it is that a pool gets no node now: its own node is on its way, or has come and stays unready, AWS has none, or the account may have no more. */
export interface Launching {
  on: 'node' | 'unready' | 'capacity' | 'quota'
  note: string
}

/** A node of the pool that is on its way, or could not be started; null: nothing is known of one. */
export const comingOf = (pool: string, around: Standing, now: number): Launching | null => {
  const [stays, ...more] = unreadyOf(pool, around, now)
  if (stays !== undefined) return { on: 'unready', note: unreadyNote(pool, stays, more.length) }
  const claim = claimsOf(pool, around.claims)[0]
  if (claim === undefined)
    return around.nodes.some((node) => isComing(pool, node))
      ? { on: 'node', note: `a node of ${pool} is coming up` }
      : null
  const launched = conditionOf(claim, 'Launched')
  const { reason = UNTOUCHED, message } = launched ?? {}
  if (launched?.status !== 'True' && reason !== UNTOUCHED)
    return { on: 'capacity', note: `Karpenter cannot start a node of ${pool}: ${reason}${inBrackets(message)}` }
  const late = [conditionOf(claim, 'Initialized'), conditionOf(claim, 'Registered')]
    .map((one) => one?.message)
    .find((text) => text !== undefined && text !== 'object is awaiting reconciliation')
  return {
    on: 'node',
    note: `a node of ${pool} is coming up since ${plainTime(createdAt({ metadata: claim.metadata ?? {} }))}${inBrackets(late)}`,
  }
}

/** What a condition says that its controller has not looked at yet. */
const UNTOUCHED = 'AwaitingReconciliation'

/** Of a launch that failed Karpenter takes the NodeClaim away at once, and tries again after three minutes: only its events remain. Milliseconds. */
const RECENT = 15 * 60_000

export const INSUFFICIENT = 'InsufficientCapacityError'

/** Codes of EC2 by which an account, not EC2, is at its end: only a person gets more (`pkg/errors` of Karpenter's AWS provider 1.14). */
const QUOTAS: ReadonlyMap<string, string> = new Map([
  ['VcpuLimitExceeded', 'L-417A185B for P instances, L-DB2E81BA for G'],
  ['MaxSpotInstanceCountExceeded', 'those of spot requests'],
  ['MaxFleetCountExceeded', 'that of fleets'],
])

/** Codes of EC2 by which there is nothing to start now. */
const CAPACITY: ReadonlyMap<string, string> = new Map([
  ['ReservationCapacityExceeded', 'its reservation is used up'],
  ['InsufficientFreeAddressesInSubnet', 'its subnets have no free address'],
  ['InsufficientInstanceCapacity', 'AWS has none free'],
  ['UnfulfillableCapacity', 'AWS has none free'],
  ['Unsupported', 'AWS has no such instance there'],
])

/** Why no node of the pool could be started lately, as Karpenter tells; null: it tells nothing of the kind. */
export const failedLaunch = (pool: string, { events }: Pick<Around, 'events'>, now: number): Launching | null => {
  const told = events
    .filter(
      ({ reason, involvedObject: { kind, name } }) =>
        reason === INSUFFICIENT && kind === 'NodeClaim' && isOf(pool, name),
    )
    .filter((event) => toldAt(event) > now - RECENT)
    .map(({ message = '' }) => message)
  if (told.length === 0) return null
  const codeIn = (codes: ReadonlyMap<string, string>) =>
    [...codes].find(([code]) => told.some((message) => message.includes(`${code}: `)))
  const quota = codeIn(QUOTAS)
  if (quota !== undefined)
    return {
      on: 'quota',
      note: `AWS starts no node of ${pool}, whose quota is used up (${quota[0]}): ask for more in Service Quotas, EC2, ${quota[1]}`,
    }
  const [code, means] = codeIn(CAPACITY) ?? [INSUFFICIENT, 'AWS has none free']
  return {
    on: 'capacity',
    note: `no node of ${pool} can be started now: ${means} (${code}); Karpenter tries again every few minutes, and more zones or types help`,
  }
}

/** Karpenter names them after their pool, and Kubernetes adds five letters. */
const isOf = (pool: string, claim = ''): boolean =>
  claim.startsWith(`${pool}-`) && /^[a-z0-9]{5}$/.test(claim.slice(pool.length + 1))
