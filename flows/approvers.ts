import type { Groups } from '../core/answers.ts'
import { groupsOf, type Policy } from '../core/policy.ts'
import { type Ports, Unavailable } from './ports.ts'

/** Members are asked for again after this long: who leaves a group may answer no longer than this. Milliseconds. */
const FRESH = 4 * 60_000
/** While the chat cannot be asked, what it said is believed for this long, and then nobody is. Milliseconds. */
const BELIEVED = 15 * 60_000

type GroupPorts = Pick<Ports, 'ledger' | 'clock'>

/** Who is in the policy's user groups, from the ledger alone: a door that people wait for never asks the chat. */
export const knownGroups = async ({ ledger, clock }: GroupPorts, { approvals }: Policy): Promise<Groups> => {
  const known = groupsOf(approvals).map(async (group) => {
    const row = (await ledger.read('group', group))?.value
    return [group, row !== undefined && clock.now() - row.at <= BELIEVED ? row.members : null] as const
  })
  return new Map(await Promise.all(known))
}

/** The same after asking the chat for those that are no longer fresh. What it does not say leaves what is known. */
export const askedGroups = async (ports: GroupPorts & Pick<Ports, 'chat'>, policy: Policy): Promise<Groups> => {
  const { ledger, chat, clock } = ports
  for (const group of groupsOf(policy.approvals)) {
    const row = await ledger.read('group', group)
    if (row !== null && clock.now() - row.value.at <= FRESH) continue
    try {
      const members = await chat.members(group)
      const value = { group, members, at: clock.now() }
      // Whoever loses this race was told the same.
      await ledger.commit([{ put: 'group', id: group, revision: row?.revision ?? 0, value }])
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error
    }
  }
  return knownGroups(ports, policy)
}
