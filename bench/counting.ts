import type { Ports } from '../flows/ports.ts'

/** Counts every call of every port, by `port.method`. */
export const counting = () => {
  const calls = new Map<string, number>()
  const wrapPort = (port: string, target: object): object =>
    new Proxy(target, {
      get: (inner, method) => {
        const member = Reflect.get(inner, method) as unknown
        if (typeof member !== 'function') return member
        return (...values: unknown[]): unknown => {
          const name = `${port}.${String(method)}`
          calls.set(name, (calls.get(name) ?? 0) + 1)
          return member.apply(inner, values)
        }
      },
    })
  return {
    wrap: (ports: Ports): Ports =>
      Object.fromEntries(
        Object.entries(ports).map(([port, target]) => [
          port,
          port === 'clock' ? target : wrapPort(port, target as object),
        ]),
      ) as unknown as Ports,
    /** What was called since the last question, `policies` left out: they are cached. */
    since: (): { total: number; text: string } => {
      const all = [...calls].filter(([name]) => !name.startsWith('policies.')).sort((a, b) => b[1] - a[1])
      calls.clear()
      return {
        total: all.reduce((sum, [, n]) => sum + n, 0),
        text: all.map(([name, n]) => `${n} ${name}`).join(', ') || 'none',
      }
    },
  }
}
