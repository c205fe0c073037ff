import type { Ports } from '../flows/ports.ts'

/** Ports whose calls cost a round trip each; the policy in force is cached, the clock is at hand. */
export const COUNTED = ['ledger', 'queue', 'cluster', 'bus', 'chat', 'replies', 'registry', 'objects'] as const

/** Counts sequential round trips: every call is delayed alike, and those that wait at the same time go together. */
export interface Rounds {
  /** Counts each call of these ports; all that cost a round trip, unless told. */
  wrap(ports: Ports, counted?: readonly (keyof Ports)[]): Ports
  /** Counts each request of an AWS client, by this name and the command's. */
  client<C extends { send(command: never): Promise<unknown> }>(name: string, client: C): C
  /** Plays rounds until this call was made, and answers how many it took and what each of them asked. */
  until(port: string, method: string, times?: number): Promise<{ rounds: number; asked: string[][] }>
  /** From now on calls are made at once, uncounted. */
  release(): void
}

interface Waiting {
  name: string
  go(): Promise<void>
}

/** Nobody has anything to do but to wait for a far side once the event loop has come round this often. */
const QUIET = 20

export const openRounds = (): Rounds => {
  let waiting: Waiting[] = []
  let held = true
  const delayed = (name: string, call: () => Promise<unknown>): Promise<unknown> =>
    held
      ? new Promise((resolve, reject) => {
          waiting.push({ name, go: () => call().then(resolve, reject) })
        })
      : call()
  const wrapPort = (port: string, target: object): object =>
    new Proxy(target, {
      get: (inner, method) => {
        const member = Reflect.get(inner, method) as unknown
        if (typeof member !== 'function') return member
        return (...values: unknown[]) =>
          delayed(`${port}.${String(method)}`, () => member.apply(inner, values) as Promise<unknown>)
      },
    })
  const quiet = async (): Promise<void> => {
    for (let n = 0; n < QUIET; n++) await new Promise<void>((resolve) => void setImmediate(resolve))
  }
  return {
    wrap: (ports, counted = COUNTED) => ({
      ...ports,
      ...Object.fromEntries(counted.map((port) => [port, wrapPort(port, ports[port])])),
    }),
    client: (name, client) =>
      new Proxy(client, {
        get: (inner, member) =>
          member === 'send'
            ? (command: never) =>
                delayed(`${name}.${(command as object).constructor.name.replace('Command', '')}`, () =>
                  inner.send(command),
                )
            : Reflect.get(inner, member),
      }),
    until: async (port, method, times = 1) => {
      held = true
      const asked: string[][] = []
      let left = times
      for (let turns = 0; turns < 10_000; turns++) {
        await quiet()
        const now = waiting
        waiting = []
        // A disk was slower than the event loop: nobody waits for a far side in between.
        if (now.length === 0) continue
        asked.push(now.map(({ name }) => name))
        await Promise.all(now.map(({ go }) => go()))
        left -= now.filter(({ name }) => name === `${port}.${method}`).length
        if (left <= 0) return { rounds: asked.length, asked }
      }
      throw new Error(`${port}.${method} was never called`)
    },
    release: () => {
      held = false
      for (const { go } of waiting.splice(0)) void go()
    },
  }
}
