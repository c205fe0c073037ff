import { createdAt, isLeaving, type KubeObject, refOf } from '../../../core/kube.ts'
import type { Stepped } from '../../../core/lane/stepping.ts'
import type { View } from '../../../core/lane/view.ts'
import { hasToken } from '../../../core/names.ts'
import { placeMade, whosePlace } from '../../../core/steps/meeting-place.ts'
import { type Denied, Unavailable, type WorkPorts } from '../../ports.ts'

type Seeing = Pick<View, 'secret' | 'now' | 'handover'>
type Failed = Extract<Stepped, { kind: 'failed' }>

/** Its pods do not find each other, and may once that is gone: in a sentence for people. */
export interface Apart {
  kind: 'apart'
  note: string
}

/**
 * Whether pods of a Job on several nodes would find each other, asked before it is made: they begin as a whole or not at all, and what finds nobody is paid
 * all the same. Null: they would, or the Job is there. Throws as the cluster does (law 6).
 */
export const mayMeet = async (
  { cluster }: Pick<WorkPorts, 'cluster'>,
  { secret, now, handover }: Seeing,
  job: KubeObject<'Job'>,
): Promise<Stepped | null> => {
  const place = placeMade(job, secret)
  if (place === null) return null
  const there = await cluster.get(refOf(job))
  const goes = (note: string): Stepped => goesFirst(note, now + handover)
  if (there !== null) return isLeaving(there) ? goes(`the Job ${job.metadata.name} is being deleted`) : null
  // There is no Job yet that it could belong to.
  const { ownerReferences: _, ...metadata } = place.metadata
  const answer = await cluster.tryCreate({ ...place, metadata })
  if (answer.kind === 'created') return null
  if (answer.kind === 'denied') return refused(answer)
  return hasToken(answer.object, secret) ? goes(earlier(metadata.name)) : taken(metadata.name)
}

/** So long a Job may have been there and none of its work is lost with it: its pods have begun to ask for each other. Milliseconds. */
const YOUNG = 15 * 60_000

/**
 * Sees to it that the pods of a Job that was just made find each other: their Service is made. Null: it is there, or none is needed. Where it is not
 * made, whatever keeps it, the Job is ended again, and nobody pays for pods that would find nobody; it is made anew once its Service may be. One that
 * has run for longer, since whoever made it died or its ledger was restored, has found its pods: it goes on. Throws as the cluster does (law 6).
 */
export const meetOrEnd = async (
  { cluster }: Pick<WorkPorts, 'cluster'>,
  { secret, now, handover }: Seeing,
  job: KubeObject<'Job'>,
): Promise<Stepped | Apart | null> => {
  if (createdAt(job) <= now - YOUNG) {
    const kept = await orApart(made({ cluster }, { secret }, job))
    return kept === null ? null : { kind: 'apart', note: kept.note }
  }
  const end = () => cluster.delete(refOf(job), job.metadata.uid ?? '')
  try {
    const kept = await made({ cluster }, { secret }, job)
    if (kept !== null) await end()
    return kept?.kind === 'apart' ? goesFirst(kept.note, now + handover) : kept
  } catch (error) {
    await end()
    throw error
  }
}

/** Makes the Service of a Job that is there. Null: it is there, or none is needed. */
const made = async (
  { cluster }: Pick<WorkPorts, 'cluster'>,
  { secret }: Pick<Seeing, 'secret'>,
  job: KubeObject<'Job'>,
): Promise<Failed | Apart | null> => {
  const place = placeMade(job, secret)
  if (place === null) return null
  const answer = await cluster.create(place)
  if (answer.kind === 'created') return null
  if (answer.kind === 'denied') return refused(answer)
  const whose = whosePlace(answer.object, place, secret)
  if (whose === 'ours') return null
  return whose === 'earlier' ? apart(earlier(place.metadata.name)) : taken(place.metadata.name)
}

/** Makes it where it is not, or not any more: pods that still begin would find nobody. Answers what keeps it, for people; null: nothing does. */
export const meetAgain = async (
  ports: Pick<WorkPorts, 'cluster'>,
  seeing: Pick<Seeing, 'secret'>,
  job: KubeObject<'Job'>,
): Promise<string | null> => {
  const place = placeMade(job, seeing.secret)
  if (place === null) return null
  const there = await orApart(ports.cluster.get(refOf(place)).then((found) => ({ kind: 'found' as const, found })))
  if (there.kind === 'apart') return there.note
  const { found } = there
  if (found === null) return (await orApart(made(ports, seeing, job)))?.note ?? null
  if (!hasToken(found, seeing.secret)) return taken(place.metadata.name).note
  return whosePlace(found, place, seeing.secret) === 'earlier' ? apart(earlier(place.metadata.name)).note : null
}

/** Until what keeps them is looked at again: all that time they are paid. Milliseconds. */
const AGAIN = 60_000

/** What a look at the Job came to, with what keeps its pods from finding each other. */
export const withApart = (stepped: Stepped, note: string | null, now: number): Stepped => {
  if (note === null || stepped.kind !== 'wait') return stepped
  return {
    ...stepped,
    note: `${note}; ${stepped.note}`,
    until: Math.min(stepped.until ?? Number.POSITIVE_INFINITY, now + AGAIN),
  }
}

const apart = (why: string): Apart => ({ kind: 'apart', note: `its pods do not find each other yet: ${why}` })

/** Nothing begins before that is gone. */
const goesFirst = (note: string, until: number): Stepped => ({
  kind: 'wait',
  note,
  until,
  running: false,
  why: 'deleting',
})

const orApart = async <T>(asking: Promise<T>): Promise<T | Apart> =>
  asking.catch((error: unknown) => {
    if (error instanceof Unavailable) return apart(error.message)
    throw error
  })

const refused = ({ status, message }: Denied): Failed => ({
  kind: 'failed',
  reason: 'denied',
  note: `the cluster refused the Service in which its pods find each other (${status}): ${message}`,
})

const earlier = (name: string): string => `the Service ${name} of an earlier Job is being deleted`

const taken = (name: string): Failed => ({
  kind: 'failed',
  reason: 'name-taken',
  note: `a Service named ${name} is there, and its pods would find others by it: see who made it, delete it, then say retry`,
})
