import type { KubeObject } from '../kube.ts'

/** What Kubernetes says of the pods of a Deployment. */
interface Readiness {
  /** Ready of what it is asked for now: made from its template, and told since it was last changed. */
  ready: number
  /** Ready, whatever they were made from, and when that was told: requests are answered by these. */
  answers: number
}

/** How many of a Deployment's replicas count as ready; and how many answer, which no fewer may by what we do. */
export const readinessOf = ({ metadata, status }: KubeObject<'Deployment'>): Readiness => {
  const { readyReplicas: answers = 0, updatedReplicas: updated = 0, observedGeneration: observed = 0 } = status ?? {}
  // A status of before says nothing of what is asked for now.
  const isOfNow = observed >= (metadata.generation ?? 0)
  return { ready: isOfNow ? Math.min(answers, updated) : 0, answers }
}

/** How many of a Deployment's pods are made, be they on a node or waiting for one: from its template, told since it was last changed. */
export const madeOf = ({ metadata, status }: KubeObject<'Deployment'>): number =>
  (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0) ? (status?.updatedReplicas ?? 0) : 0
