import type { V1Pod } from '@kubernetes/client-node'
import { plainTime } from '../text.ts'
import { besideOf } from './beside.ts'

/**
 * What of its own goes before a pod's program and is at work: it fetches, or waits for something, for as long as it likes. Null: nothing does. Its kubelet says
 * no more of it than since when.
 */
export const beforeNote = (pod: V1Pod): string | null => {
  const beside = besideOf(pod)
  const one = (pod.status?.initContainerStatuses ?? []).find(
    (status) => status.state?.running != null && !beside.includes(status),
  )
  if (one === undefined) return null
  const at = new Date(one.state?.running?.startedAt ?? Number.NaN).getTime()
  const since = Number.isNaN(at) ? '' : ` since ${plainTime(at)}`
  return `${one.name} runs${since}, and its program begins after that`
}

/** Where a pod is, as what follows a word; empty: it has no node. */
export const onNode = ({ spec }: V1Pod): string => (spec?.nodeName === undefined ? '' : ` on ${spec.nodeName}`)

/** What a pod does of which nothing else is said, before its program runs. */
export const startingNote = (pod: V1Pod): string => {
  const [on, before] = [onNode(pod), beforeNote(pod)]
  if (on === '') return 'waiting for a node'
  return before === null ? `starting${on}` : `starting${on}: ${before}`
}
