/**
 * One cycle for every group of files that import each other, as a way from the first file (in the order of names) back
 * to itself, the shortest there is. Empty when there is none.
 */
export const cyclesOf = (imports: ReadonlyMap<string, readonly string[]>): string[][] => {
  const told = new Set<string>()
  const cycles: string[][] = []
  for (const file of [...imports.keys()].sort()) {
    if (told.has(file)) continue
    const cycle = wayBack(imports, file)
    if (cycle === null) continue
    cycles.push(cycle)
    for (const member of groupOf(imports, file)) told.add(member)
  }
  return cycles
}

/** The shortest way from a file to itself, by breadth. */
const wayBack = (imports: ReadonlyMap<string, readonly string[]>, start: string): string[] | null => {
  const cameFrom = new Map<string, string>()
  const queue = [start]
  for (const file of queue) {
    for (const next of imports.get(file) ?? []) {
      if (next === start) return [...wayTo(cameFrom, { start, end: file }), start]
      if (cameFrom.has(next)) continue
      cameFrom.set(next, file)
      queue.push(next)
    }
  }
  return null
}

const wayTo = (cameFrom: ReadonlyMap<string, string>, { start, end }: { start: string; end: string }): string[] => {
  const way = [end]
  for (let file = end; file !== start; ) {
    file = cameFrom.get(file) ?? start
    way.unshift(file)
  }
  return way
}

/** Every file that this one reaches and that reaches it. */
const groupOf = (imports: ReadonlyMap<string, readonly string[]>, start: string): string[] =>
  reachedFrom(imports, start).filter((file) => reachedFrom(imports, file).includes(start))

const reachedFrom = (imports: ReadonlyMap<string, readonly string[]>, start: string): string[] => {
  const reached = new Set<string>()
  const queue = [start]
  for (const file of queue)
    for (const next of imports.get(file) ?? [])
      if (!reached.has(next)) {
        reached.add(next)
        queue.push(next)
      }
  return [...reached]
}
