import type { Desired } from '../desired.ts'
import type { Left } from '../earlier.ts'
import type { LaneDocument } from './document.ts'
import type { View } from './view.ts'

/** What is remembered of these once that is wanted in their place. */
export const leaving = (
  { doc, kind, policy }: Pick<View, 'doc' | 'kind' | 'policy'>,
  next: Desired,
  ...all: Pick<LaneDocument, 'desired' | 'outcome'>[]
): Left =>
  kind.leaves === undefined
    ? {}
    : all.reduce<Left>((known, was) => kind.leaves?.(known, was, { next: next as never, policy }) ?? known, doc)
