import type { Policy } from '../policy.ts'

/** Who Jobs that train and evaluate are: it reads datasets and writes results. */
export const TRAINING_ACCOUNT = 'signalbox-training'

/** Who servers and the Jobs that ask them are: it reads weights, and writes what a gate has measured. */
export const SERVING_ACCOUNT = 'signalbox-serving'

/** A service account that pods of ours run as, and what they are there for. */
export interface PodAccount {
  of: keyof Policy['namespaces']
  name: string
  namespace: string
}

/** The accounts of all pods of ours; two even where both share a namespace. */
export const podAccounts = ({ namespaces }: Pick<Policy, 'namespaces'>): PodAccount[] => [
  { of: 'training', name: TRAINING_ACCOUNT, namespace: namespaces.training },
  { of: 'serving', name: SERVING_ACCOUNT, namespace: namespaces.serving },
]
