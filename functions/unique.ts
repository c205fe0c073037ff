import { randomBytes } from 'node:crypto'

/** Tells two letters, or two invocations, of one moment apart. */
export const unique = (): string => randomBytes(6).toString('hex')
