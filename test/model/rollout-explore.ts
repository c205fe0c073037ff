/** A rollout somewhere on its way: how it has ended, once it has, and what must never be. */
interface Explored {
  ending: string | null
  bad: string | null
}

/** What is explored, by what may happen next. */
interface Explorable<S extends Explored> {
  initial: S
  movesOf(state: S): { label: string; state: S }[]
  isOver(state: S): boolean
}

export interface RolloutExplored {
  states: number
  /** What must never be, each with the shortest way there. */
  found: Map<string, string[]>
  /** Ends that were reached. */
  ends: Set<string>
}

/** Every state that can be reached, the nearest first. */
export const exploreRollout = <S extends Explored>(rollout: Explorable<S>, { first = false } = {}): RolloutExplored => {
  const seen = new Map<string, { from: string | null; label: string }>()
  const found = new Map<string, string[]>()
  const ends = new Set<string>()
  let front = [rollout.initial]
  seen.set(JSON.stringify(rollout.initial), { from: null, label: '' })
  const wayTo = (key: string): string[] => {
    const way: string[] = []
    for (let at = seen.get(key); at !== undefined && at.from !== null; at = seen.get(at.from)) way.unshift(at.label)
    return way
  }
  while (front.length > 0 && !(first && found.size > 0)) {
    const later: S[] = []
    for (const state of front) {
      const from = JSON.stringify(state)
      for (const { label, state: to } of rollout.movesOf(state)) {
        const key = JSON.stringify(to)
        if (seen.has(key)) continue
        seen.set(key, { from, label })
        if (to.bad !== null && !found.has(to.bad)) found.set(to.bad, wayTo(key))
        if (rollout.isOver(to)) ends.add(to.ending ?? 'succeeded')
        if (to.bad === null) later.push(to)
      }
    }
    front = later
  }
  return { states: seen.size, found, ends }
}
