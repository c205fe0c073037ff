/** A graph as it was found: where each node leads, and what each edge weighs. */
export interface Edges {
  to: readonly number[]
  weights: readonly number[]
}

/** The strongly connected part of each node; a part that is led to has a lower number than those that lead to it. */
export const partsOf = (nodes: readonly Edges[]): { part: Int32Array; parts: number } => {
  const count = nodes.length
  const [order, low, part] = [new Int32Array(count), new Int32Array(count), new Int32Array(count).fill(-1)]
  const open: number[] = []
  let [time, parts] = [0, 0]
  const close = (node: number): void => {
    if (low[node] !== order[node]) return
    for (let last = -1; last !== node; ) {
      last = open.pop() as number
      part[last] = parts
    }
    parts++
  }
  const enter = (node: number): [number, number] => {
    order[node] = low[node] = ++time
    open.push(node)
    return [node, 0]
  }
  for (let root = 0; root < count; root++) {
    if (order[root] !== 0) continue
    const walk = [enter(root)]
    while (walk.length > 0) {
      const top = walk.at(-1) as [number, number]
      const [node, edge] = top
      const to = nodes[node]?.to[edge]
      top[1]++
      if (to === undefined) {
        walk.pop()
        close(node)
        const parent = walk.at(-1)?.[0]
        if (parent !== undefined) low[parent] = Math.min(low[parent] as number, low[node] as number)
      } else if (order[to] === 0) walk.push(enter(to))
      else if (part[to] === -1) low[node] = Math.min(low[node] as number, order[to] as number)
    }
  }
  return { part, parts }
}

/** Parts that lead nowhere else. */
export const bottomsOf = (
  nodes: readonly Edges[],
  { part, parts }: ReturnType<typeof partsOf>,
): ReadonlySet<number> => {
  const leads = new Uint8Array(parts)
  for (const [node, { to }] of nodes.entries())
    if (to.some((other) => part[other] !== part[node])) leads[part[node] as number] = 1
  return new Set([...leads.keys()].filter((index) => leads[index] === 0))
}

/** The heaviest way from each part; infinite where it weighs something to go round. */
export const heaviestOf = (nodes: readonly Edges[], { part, parts }: ReturnType<typeof partsOf>): Float64Array => {
  const heaviest = new Float64Array(parts)
  const members: number[][] = Array.from({ length: parts }, () => [])
  for (const node of nodes.keys()) members[part[node] as number]?.push(node)
  for (const [index, inside] of members.entries())
    for (const node of inside)
      for (const [edge, other] of (nodes[node]?.to ?? []).entries()) {
        const weight = nodes[node]?.weights[edge] ?? 0
        const within = part[other] === index
        const ways = within
          ? weight > 0
            ? Number.POSITIVE_INFINITY
            : 0
          : weight + (heaviest[part[other] as number] as number)
        heaviest[index] = Math.max(heaviest[index] as number, ways)
      }
  return heaviest
}
