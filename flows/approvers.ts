import type { Groups } from '../core/answers.ts'
import { groupsOf, type Policy } from '../core/policy.ts'
import { type Ports, Unavailable } from './ports.ts'

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

/** Asks the chat who is in a group, and writes it down. Rejects with `Unavailable` when the chat does not say. */
export const readGroup = async (
  { ledger, chat, clock }: GroupPorts & Pick<Ports, 'chat'>,
  group: string,
): Promise<void> => {
  const members = await chat.members(group)
  const row = await ledger.read('group', group)
  // Whoever loses this race was told the same.
  await ledger.commit([
    { put: 'group', id: group, revision: row?.revision ?? 0, value: { group, members, at: clock.now() } },
  ])
}

/** The same as `knownGroups` after asking the chat. What it does not say leaves what is known: reconcile tells of it. */
export const askedGroups = async (ports: GroupPorts & Pick<Ports, 'chat'>, policy: Policy): Promise<Groups> => {
  for (const group of groupsOf(policy.approvals))
    await readGroup(ports, group).catch((error: unknown) => {
      if (!(error instanceof Unavailable)) throw error
    })
  return knownGroups(ports, policy)
}
