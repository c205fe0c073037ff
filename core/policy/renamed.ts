import type { Policy } from '../policy.ts'
import { laneNameOf } from './names.ts'
import { nearest } from './nearest.ts'
import type { OnPaper } from './paper.ts'

type Rules = Pick<Policy, 'pipelines' | 'services'>
/** Later names of lanes, by the path of each in the policy: the name that the lane had first, which it keeps. */
export type LaterNames = Readonly<Record<string, string>>

const BLOCKS = ['pipelines', 'services'] as const
/** More names than anybody gives: they lie in one row. */
const MOST = 1000
const rulesIn = (policy: Rules, block: (typeof BLOCKS)[number]): [key: string, rule: { was?: string | undefined }][] =>
  Object.entries(policy[block])

/** What is known of later names once this policy is in force: one that a lane of its own has by now is none any more. */
export const laterNames = (known: LaterNames, policy: Rules): Record<string, string> => {
  const names = BLOCKS.flatMap((block) =>
    rulesIn(policy, block).map(([key, rule]) => [`${block}.${key}`, key, laneNameOf(key, rule)] as const),
  )
  const own = new Set<string>(names.flatMap(([path, key, lane]) => (key === lane ? [path] : [])))
  const kept = Object.entries(known).filter(([path]) => !own.has(path))
  const now = names.flatMap(([path, key, lane]) => (key === lane ? [] : [[path, lane] as const]))
  return Object.fromEntries([...new Map([...kept, ...now])].slice(-MOST))
}

/**
 * Rules that say of their lane a name that it had only later, as who renames it twice might: no lane goes by that one, so all would begin
 * anew beside what stands.
 */
export const laterNamed = (known: LaterNames, policy: Rules): Pick<OnPaper, 'path' | 'why'>[] =>
  BLOCKS.flatMap((block) =>
    rulesIn(policy, block).flatMap(([key, { was = key }]) => {
      const first = was === key ? undefined : known[`${block}.${was}`]
      if (first === undefined) return []
      const why = `its lane was called \`${was}\` only later, and keeps the name that it had first: say \`was: '${first}'\``
      return [{ path: `${block}.${key}.was`, why }]
    }),
  )

/**
 * Rules that were another one before, by a name that no lane ever had, while there are lanes that no rule has: what was begun under the
 * old name is nobody's then, and this rule begins anew. A policy says nothing of that, the lanes of its ledger do.
 */
export const neverSoNamed = (policy: Rules, lanes: readonly string[]): Pick<OnPaper, 'path' | 'why'>[] =>
  BLOCKS.flatMap((block) => {
    const rules = rulesIn(policy, block)
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
