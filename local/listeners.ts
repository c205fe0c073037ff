/** People who want to be told: `tell` calls each, `listen` adds one and answers the way to stop. */
export const listeners = () => {
  const all = new Set<() => void>()
  return {
    tell: (): void => {
      for (const listener of all) listener()
    },
    listen: (listener: () => void): (() => void) => {
      all.add(listener)
      return () => void all.delete(listener)
    },
  }
}
