import type { Desired } from '../desired.ts'
import type { LookLetter } from './letters.ts'
import type { View } from './view.ts'

/** A letter that nobody has written, to where this was read: it is one once it has to wait. Null: nothing is read there again. */
export const letterTo = (view: View, desired: Desired): LookLetter | null => {
  const { reactions, policy, doc, now } = view
  const given = { policy, lane: doc.lane, now }
  const event = reactions.map(({ whence }) => whence?.(desired, given) ?? null).find((found) => found !== null)
  if (event === undefined) return null
  const id = `${String(now).padStart(14, '0')}.again`
  return { kind: 'look', id, lane: doc.lane, at: now, due: now, event, from: 'door', waits: null, tries: 0 }
}
