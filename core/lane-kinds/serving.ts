import type { Desired, NoneDesired, ServeDesired } from '../desired.ts'

/** What a service may want: a version, or none. */
export type Standing = ServeDesired | NoneDesired

/** Whether a version is wanted: the only question about a desired state that the planning of services asks. */
export const isServed = (desired: Desired): desired is ServeDesired => desired.kind === 'serve'
