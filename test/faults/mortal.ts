import type { Ports } from '../../flows/ports.ts'

/** Where a process dies: at its nth call of a port, before the far side did it or after, when the answer is lost. */
export interface Death {
  at: number
  when: 'before' | 'after'
}

/** What a process has done so far. */
export interface Life {
  /** Calls of its ports. */
  calls: number
  dead: boolean
  /** Calls that it still tried when it was dead: none of them reached anything. */
  tried: number
}

/**
 * Counts every call of every port; at the nth the process is dead, and so is all that it still tries: what it had begun side
 * by side may have been done, and nobody hears of it.
 */
export const mortal = (death: Death | null): { wrap: (ports: Ports) => Ports; life: Life } => {
  const life: Life = { calls: 0, dead: false, tried: 0 }
  const die = (): never => {
    life.dead = true
    throw new Error('the process is dead')
  }
  const mustLive = (): void => {
    if (!life.dead) return
    life.tried++
    die()
  }
  const call = async (work: () => unknown): Promise<unknown> => {
    mustLive()
    life.calls++
    const dies = life.calls === death?.at
    if (dies && death.when === 'before') die()
    const answer = await work()
    return dies || life.dead ? die() : answer
  }
  const wrap = (ports: Ports): Ports =>
    Object.fromEntries(
      Object.entries(ports).map(([name, port]) => [name, name === 'clock' ? port : calling(port as object, call)]),
    ) as unknown as Ports
  return { wrap, life }
}

/** A port whose every call goes through `call`. */
export const calling = (port: object, call: (work: () => unknown, name: string) => Promise<unknown>): object =>
  new Proxy(port, {
    get: (target, name) => {
      const member = Reflect.get(target, name) as unknown
      if (typeof member !== 'function') return member
      return (...values: unknown[]) => call(() => member.apply(target, values) as unknown, String(name))
    },
  })
