import type { ServeDesired } from '../desired.ts'
import type { Planned } from '../plan.ts'
import { whoMayChange, whyAsked, whyNoAddress, whyNotAllowed } from '../policy/sources.ts'
import type { Policy } from '../policy.ts'
import { baseOf } from '../workloads/adapters.ts'
import { diskRequest } from '../workloads/pod-disk.ts'
import type { Rule } from './serve-room.ts'
import type { Wanted } from './serve-standing.ts'

type Looked = { policy: Policy; service: Rule['service'] }

/** Why these weights, or those that they are served on, are not brought up; what stands already is asked nothing. */
export const whyNoWeights = ({ desired, engine }: Wanted, { policy, service }: Looked): Planned | null => {
  const all = [desired.source, baseOf(desired, service)].filter((one) => one !== null)
  const refused = (why: string): Planned => ({ kind: 'refuse', reason: 'source-not-allowed', detail: why })
  const odd = first(all, whyNoAddress)
  if (odd !== null) return refused(odd)
  const { runner } = policy
  const unloadable = engine.cannotLoad(desired, { service, ...(runner === undefined ? {} : { runner }) })
  if (unloadable !== null) return { kind: 'refuse', reason: 'source-not-loadable', detail: unloadable }
  const elsewhere = first(all, (one) => whyNotAllowed(one, policy))
  return elsewhere === null ? null : refused(elsewhere)
}

const first = (all: readonly string[], why: (one: string) => string | null): string | null =>
  all.map(why).find((one) => one !== null) ?? null

/** Why people are asked about these weights, and about those that they are served on; null: neither is for anybody to change. */
export const weightsAsked = (desired: ServeDesired, { policy, service }: Looked): string | null => {
  const base = baseOf(desired, service)
  // Nobody compares what lies there with any pin, among our own results neither.
  const open = base === null ? null : whoMayChange({ source: base, unpinned: 'pipeline' }, policy)
  const why = [whyAsked(desired, policy), open === null ? null : `its base is ${open}`].filter((one) => one !== null)
  return why.length === 0 ? null : why.join('; ')
}

/** Where the weights come from, as a card says it. */
export const weightsText = (desired: ServeDesired, service: Rule['service']): string => {
  const base = baseOf(desired, service)
  return base === null ? desired.source : `${desired.source}, an adapter, on ${base}`
}

/** What a version is served on, and that its registration says otherwise; of whole weights nothing. */
export const baseReasons = (desired: ServeDesired, service: Rule['service']): string[] => {
  const base = baseOf(desired, service)
  if (base === null) return []
  const other =
    desired.base === undefined || desired.base === base
      ? ''
      : `, as the policy says: its registration says ${desired.base}`
  return [`it is an adapter, and served on ${base}${other}`]
}

/** That its files lie on its node's disk, for which it asks for less than they may have; or have a bound; nothing where it loads by itself, or the policy says how much. */
export const diskReasons = (
  { desired, engine }: Pick<Wanted, 'desired' | 'engine'>,
  service: Rule['service'],
): string[] => {
  const fetch = engine.fetches(desired)
  const asked = diskRequest(engine.disk, { container: service.engine, pod: service.pod })
  if (fetch === null || Object.keys(asked).length === 0) return []
  const has =
    fetch.most === null
      ? `of which it asks for ${(engine.disk ?? 0) * service.gpusPerReplica} GiB`
      : `and have ${fetch.most} GiB of it at most`
  return [
    `its files are fetched to its node’s disk, ${has}: where they have more, say \`ephemeral-storage\` of \`pod\`, and \`disk\` of its pool`,
  ]
}
