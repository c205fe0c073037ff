import type { Policy } from '../policy.ts'
import { laneNameOf } from './names.ts'
import { nearest } from './nearest.ts'
import type { OnPaper } from './paper.ts'

/**
 * Rules that were another one before, by a name that no lane ever had, while there are lanes that no rule has: what was begun under the
 * old name is nobody's then, and this rule begins anew. A policy says nothing of that, the lanes of its ledger do.
 */
export const neverSoNamed = (
  policy: Pick<Policy, 'pipelines' | 'services'>,
  lanes: readonly string[],
): Pick<OnPaper, 'path' | 'why'>[] =>
  (['pipelines', 'services'] as const).flatMap((block) => {
    const rules = Object.entries<{ was?: string | undefined }>(policy[block])
    const kind = `${block.slice(0, -1)}/`
    const begun = lanes.filter((lane) => lane.startsWith(kind)).map((lane) => lane.slice(kind.length))
    const own = new Set(rules.map(([key, rule]) => laneNameOf(key, rule)))
    const nobodys = begun.filter((name) => !own.has(name))
    return rules.flatMap(([key, { was }]) => {
      if (was === undefined || begun.includes(was) || nobodys.length === 0) return []
      const like = nearest(was, nobodys)
      const meant = like === null ? `write one of ${nobodys.join(', ')}, or leave it out` : `did you mean \`${like}\`?`
      return [
        {
          path: `${block}.${key}.was`,
          why: `nothing was ever begun under the name \`${was}\`, so this begins anew: ${meant}`,
        },
      ]
    })
  })
