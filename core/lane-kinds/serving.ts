import type { Desired, KeptDesired, NoneDesired, RetiredDesired, ServeDesired } from '../desired.ts'

/** What a service may want: a version, none, what serves as it was judged, or to stand no more. */
export type Standing = ServeDesired | NoneDesired | KeptDesired | RetiredDesired

/** Whether a version is wanted: the first question about a desired state that the planning of services asks. */
export const isServed = (desired: Desired): desired is ServeDesired => desired.kind === 'serve'

/** Whether what serves shall be as it was judged, and nothing else. */
export const isKept = (desired: Desired): desired is KeptDesired => desired.kind === 'kept'

/** Whether nothing shall stand any more. */
export const isRetired = (desired: Desired): desired is RetiredDesired => desired.kind === 'retired'
