import type { ObjectRef } from '../kube.ts'

/** A run-once object with its uid, when the cluster made it (earlier releases left that out), and where it writes its result (`resultPlace`); once read, the file. */
export interface Made {
  ref: ObjectRef
  uid: string
  at?: number
  result: { bucket: string; key: string }
  /** What its pod left as its termination message, while nobody could settle what that is: it goes with the pod. Left out: nobody has seen one. */
  message?: { pod: string; text: string }
}
