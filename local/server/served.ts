import type { House } from '../house-type.ts'

export interface ServerOptions {
  house: House
  /** 0 = any free port. */
  port: number
  version: string
  tour?: () => Promise<{ ok: boolean; detail: string }>
}

/** What every route is made from. */
export interface Served extends ServerOptions {
  token: string
}
