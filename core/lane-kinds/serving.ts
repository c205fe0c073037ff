import type { Desired, NoneDesired, RetiredDesired, ServeDesired } from '../desired.ts'

/** What a service may want: a version, none, or to stand no more. */
export type Standing = ServeDesired | NoneDesired | RetiredDesired

/** Whether a version is wanted: the first question about a desired state that the planning of services asks. */
export const isServed = (desired: Desired): desired is ServeDesired => desired.kind === 'serve'

/** Whether nothing shall stand any more. */
export const isRetired = (desired: Desired): desired is RetiredDesired => desired.kind === 'retired'
