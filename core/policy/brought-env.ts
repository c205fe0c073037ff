import { isRecord } from '../record.ts'
import type { ManifestWrong } from '../workloads/manifest/adapter.ts'
import { withoutRanks } from '../workloads/manifest/ranks.ts'
import { ofRanks, ofStages } from './ours.ts'

type Fields = Record<string, unknown>
type Place = ManifestWrong['path']

/** One of several without the variables of its rank that say as we do. */
export const asGang = (container: Fields, nodes: number): Fields =>
  nodes > 1 && Array.isArray(container['env'])
    ? { ...container, env: withoutRanks(container['env'], nodes) }
    : container

/** Its variables that are ours and say other, by their places in the file: some of those before them may be left out. */
export const envWrongs = (container: Fields, nodes: number, path: Place): ManifestWrong[] => {
  const env = Array.isArray(container['env']) ? container['env'] : []
  const other: ReadonlySet<unknown> = new Set(nodes > 1 ? withoutRanks(env, nodes) : env)
  return env.flatMap((one, n) => {
    const name = isRecord(one) && other.has(one) ? one['name'] : undefined
    const message = typeof name === 'string' ? (ofStages(name) ?? ofRanks(name, nodes)) : null
    return message === null ? [] : [{ path: [...path, 'env', n, 'name'], message }]
  })
}
