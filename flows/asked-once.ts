/** Asks under a name, or has what was asked under it already. */
export type AskedOnce = <T>(name: string, ask: () => Promise<T>) => Promise<T>

/** For what looks at many places at once: hundreds of alerts of one rule ask for that once, and for their dataset too. */
export const askedOnce = (): AskedOnce => {
  const asked = new Map<string, Promise<unknown>>()
  return <T>(name: string, ask: () => Promise<T>): Promise<T> => {
    const found = asked.get(name) ?? ask()
    asked.set(name, found)
    return found as Promise<T>
  }
}
