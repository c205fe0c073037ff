import { stuckTexts } from '../planning/generations.ts'
import { said } from '../text.ts'
import type { World } from '../world.ts'
import { type Change, DETAIL } from './change.ts'
import { told } from './lacking.ts'
import type { View } from './view.ts'

/** So many are remembered: of more at once a person looks anyway. */
const MOST = 16

/**
 * The change, and people told once of each pod of the lane whose end is long due, and of which Node to delete: it serves nobody, its node is paid for, and its
 * GPUs stay held until a person does (decision 0030). Nothing waits for that.
 */
export const withOverdueTold = (
  view: Pick<View, 'now'>,
  { stuck = [] }: Pick<World, 'stuck'>,
  change: Change,
): Change => {
  const { overdue: last = [], ...doc } = change.doc
  const seen = stuck.map(({ uid }) => uid).slice(0, MOST)
  if (seen.length === last.length && seen.every((uid) => last.includes(uid))) return change
  const next = { ...change, doc: { ...doc, ...(seen.length === 0 ? {} : { overdue: seen }) } }
  const fresh = stuck.filter(({ uid }) => seen.includes(uid) && !last.includes(uid))
  if (fresh.length === 0) return next
  const text = said(stuckTexts({ stuck: fresh }).join('; '), DETAIL)
  return told(next, { text, key: `overdue-${view.now}`, tone: 'bad' })
}
