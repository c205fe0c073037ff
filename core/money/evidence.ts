/**
 * Where the time is from at which an instance began to be billed, the worst first: when its Node was made, which is after its boot;
 * when Karpenter launched it, which is before EC2 bills it; what EC2 said.
 */
const BEGINS = ['created', 'launched', 'described', 'running'] as const

/**
 * Where the time of an end is from, the worst first: it was in a look and not in the next; the object said so itself (of an instance:
 * EC2 was told to terminate it, which is when it stops billing); what EC2 said.
 */
const ENDS = ['unseen', 'told', 'described', 'stopped'] as const

/** When something began, and who says so. Milliseconds since the epoch. */
export interface Begin {
  at: number
  by: (typeof BEGINS)[number]
}

/** When something ended, and who says so; of what nobody told, the last look that had it and the first that had not. */
export type End =
  | { by: Exclude<(typeof ENDS)[number], 'unseen'>; at: number }
  | { by: 'unseen'; after: number; before: number }

/** The better of two: by its evidence; of equal evidence the earlier. Whatever their order, the same comes of any number. */
export const betterBegin = (a: Begin, b: Begin): Begin =>
  first([BEGINS.indexOf(b.by) - BEGINS.indexOf(a.by), a.at - b.at]) <= 0 ? a : b

/** The same of ends. Of two looks that missed it the one says more that came after a later sight of it. */
export const betterEnd = (a: End | null, b: End | null): End | null => {
  if (a === null || b === null) return a ?? b
  return first([ENDS.indexOf(b.by) - ENDS.indexOf(a.by), ...order(a, b)]) <= 0 ? a : b
}

const order = (a: End, b: End): number[] =>
  a.by === 'unseen' && b.by === 'unseen' ? [b.after - a.after, a.before - b.before] : [timeOf(a) - timeOf(b)]

/** The first that is not nothing. */
const first = (differences: readonly number[]): number => differences.find((one) => one !== 0) ?? 0

/** Of what nobody told: half-way between the looks. */
const timeOf = (end: End): number => (end.by === 'unseen' ? (end.after + end.before) / 2 : end.at)

/** When it ended; null: it goes on, as what was missed by a look does that was seen after it. */
export const endOf = ({ end, seen }: { end: End | null; seen: number }): number | null =>
  end === null || (end.by === 'unseen' && seen > end.after) ? null : timeOf(end)
