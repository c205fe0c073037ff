import type { V1Pod } from '@kubernetes/client-node'
import type { KubeObject } from '../kube.ts'
import { said } from '../text.ts'
import { beforeNote } from './before.ts'
import { isAtWork, overdueNote } from './leaving.ts'
import { replacedTrouble, unhealed } from './replaced.ts'
import { ownPressure } from './taken.ts'
import { type Seeing, type Trouble, troubleOf } from './trouble.ts'

/** Longest that somebody else's message stands in a note. */
const MESSAGE = 400

/** Why Kubernetes makes no more pods of a Deployment, in its own words: a quota, an admission, Pod Security, an account that is not there; empty: it does. */
export const notMade = (deployment: KubeObject<'Deployment'> | undefined): string => {
  const failure = deployment?.status?.conditions?.find(
    ({ type, status }) => type === 'ReplicaFailure' && status === 'True',
  )
  return failure === undefined ? '' : `its pods are not made: ${said(failure.message ?? failure.reason ?? '', MESSAGE)}`
}

/** What of these pods' troubles ends soonest; null: none of them has any that it says. */
export const worstOf = (troubles: readonly Trouble[]): Trouble | null =>
  troubles.toSorted((a, b) => endOf(a) - endOf(b))[0] ?? null

const endOf = ({ endsAt }: Trouble): number => endsAt ?? Number.MAX_SAFE_INTEGER

/** What keeps these pods from being ready, those that Kubernetes has made others for among them; null: nothing that any of them says. */
export const troubleAmong = (
  pods: readonly V1Pod[],
  known: { logs?: readonly string[] } & Partial<Seeing>,
): Trouble | null => {
  const own = ownPressure(pods)
  const worst = worstOf([
    ...(own === null ? [] : [{ ...own, endsAt: 0 }]),
    ...pods.filter(isAtWork).flatMap((pod) => troubleOf(pod, known) ?? []),
    ...[replacedTrouble(pods)].filter((trouble) => trouble !== null),
  ])
  return worst ?? stillBefore(pods)
}

/** What goes before a server is part of what it may take: it is said while nothing else keeps any of them, and ends nothing. */
const stillBefore = (pods: readonly V1Pod[]): Trouble | null => {
  const note = pods
    .filter(isAtWork)
    .map(beforeNote)
    .find((one) => one !== null)
  return note == null
    ? null
    : { failure: 'not-healthy', endsAt: null, note: `${note}: \`loadMinutes\` of its service has both in it` }
}

/**
 * Why a Deployment has fewer ready pods than it asks for; null: none of them says. What its node does not end keeps the GPUs that another
 * waits for: that is said before what may heal, since whoever raises a ceiling for it pays for a node more.
 */
export const whyLacking = (
  deployment: KubeObject<'Deployment'>,
  pods: readonly V1Pod[],
  seeing: Seeing,
): string | null => {
  const { around, now } = seeing
  const trouble = troubleAmong(unhealed(pods), seeing)
  const overdue = pods.map((pod) => overdueNote(pod, around.nodes, now)).find((note) => note !== null)
  const isFinal = trouble !== null && trouble.endsAt !== null
  const notes = isFinal ? [trouble.note, overdue] : [overdue, trouble?.note]
  return notes.filter((note) => note !== undefined).join('; ') || notMade(deployment) || null
}
