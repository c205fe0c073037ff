import type { Policy } from '../policy.ts'

/** Who Jobs that train and evaluate are: it reads datasets and results, and writes what a pod has made below its own name. */
export const TRAINING_ACCOUNT = 'signalbox-training'

/** Who servers are: it reads weights and writes nothing, since anybody's questions reach a server. */
export const SERVING_ACCOUNT = 'signalbox-serving'

/** Who the Jobs are that ask servers: it writes what a pod has measured below its own name. */
export const GATE_ACCOUNT = 'signalbox-gate'

/** A service account that pods of ours run as, and what they are there for. */
export interface PodAccount {
  of: 'training' | 'serving' | 'gate'
  name: string
  namespace: string
}

/** The accounts of all pods of ours; one for each kind of pod even where namespaces are one. */
export const podAccounts = ({ namespaces }: Pick<Policy, 'namespaces'>): PodAccount[] => [
  { of: 'training', name: TRAINING_ACCOUNT, namespace: namespaces.training },
  { of: 'serving', name: SERVING_ACCOUNT, namespace: namespaces.serving },
  { of: 'gate', name: GATE_ACCOUNT, namespace: namespaces.serving },
]

/** Which of the roles named after the installation (`roleName`) an account of pods has. */
export const podRoleOf = ({ of }: PodAccount): string => `${of}-pods`
