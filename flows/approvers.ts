import type { Groups } from '../core/answers.ts'
import { groupsOf } from '../core/policy/approvals.ts'
import type { Policy } from '../core/policy.ts'
import type { GroupRow } from '../core/rows.ts'
import { type Ports, Refused } from './ports.ts'
import { readRow } from './rows.ts'
import { troubleOf } from './sides.ts'

/** While the chat cannot be asked, what it said is believed for this long, and then nobody is. Milliseconds. */
const BELIEVED = 15 * 60_000

/** Members of a group as far as what was read is still believed. */
export const believed = (row: GroupRow | null, now: number): readonly string[] | null =>
  row !== null && now - row.at <= BELIEVED ? row.members : null

type GroupPorts = Pick<Ports, 'ledger' | 'clock' | 'chat'>

/** Asks the chat who is in a group, and writes it down. */
export const readGroup = async ({ ledger, chat, clock }: GroupPorts, group: string): Promise<string[]> => {
  const [members, row] = await Promise.all([chat.members(group), readRow(ledger, 'group', group)])
  // Whoever loses this race was told the same.
  await ledger.commit([
    { put: 'group', id: group, revision: row?.revision ?? 0, value: { group, members, at: clock.now() } },
  ])
  return members
}

/** Who is in these groups, as the chat says, or as is still believed where it does not answer. */
export const knownGroups = async (ports: GroupPorts, groups: readonly string[]): Promise<Groups> =>
  new Map(
    await Promise.all(
      groups.map(async (group) => {
        const members = await readGroup(ports, group).catch(async (error: unknown) => {
          if (troubleOf(error) === null) throw error
          return believed((await readRow(ports.ledger, 'group', group))?.value ?? null, ports.clock.now())
        })
        return [group, members] as const
      }),
    ),
  )

/**
 * Who is in the policy's user groups, asked of the chat now. Of a group that it refuses to tell of (one that somebody deleted)
 * nobody knows who is in it, and everybody else may answer as before.
 */
export const askedGroups = async (ports: GroupPorts, policy: Policy): Promise<Groups> =>
  new Map(
    await Promise.all(
      groupsOf(policy.approvals).map(async (group) => [group, await readGroup(ports, group).catch(unknown)] as const),
    ),
  )

const unknown = (error: unknown): null => {
  if (error instanceof Refused) return null
  throw error
}
