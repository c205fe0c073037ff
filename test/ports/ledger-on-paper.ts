import fc from 'fast-check'
import { expect } from 'vitest'
import type { Due, Stored, Write } from '../../flows/ledger-port.ts'
import { add, due, putOf } from './ledger-writes.ts'

/** Rows of a history of commits. */
export const NAMES = (['freeze', 'past'] as const).flatMap((kind) => ['x', 'y', 'é'].map((name) => ({ kind, name })))
type Named = (typeof NAMES)[number]
export const keyOf = ({ kind, name }: Named): string => `${kind} ${name}`

type Step =
  | { do: 'put' | 'check' | 'remove'; row: Named; stale: boolean; by: string }
  | { do: 'add'; sum: 'p' | 'q'; by: number; atMost: number | null; atLeast: number | null }
  | { do: 'due'; group: string; by: string; at: number | null; side: string | null }

const rowStep = fc.record({
  do: fc.constantFrom('put' as const, 'put' as const, 'check' as const, 'remove' as const),
  row: fc.constantFrom(...NAMES),
  stale: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  by: fc.string({ unit: 'grapheme', maxLength: 5 }),
})
const addStep = fc.record({
  do: fc.constant('add' as const),
  sum: fc.constantFrom('p' as const, 'q' as const),
  by: fc.integer({ min: -5, max: 5 }),
  atMost: fc.option(fc.integer({ min: 0, max: 12 })),
  atLeast: fc.option(fc.integer({ min: -12, max: 0 })),
})
const dueStep = fc.record({
  do: fc.constant('due' as const),
  group: fc.constantFrom('g', 'h'),
  by: fc.constantFrom('lane', 'letter'),
  at: fc.option(fc.integer({ min: 1, max: 9 }), { freq: 3 }),
  side: fc.option(fc.constantFrom('bus', 'chat')),
})
const nameOf = (step: Step): string =>
  step.do === 'add' ? step.sum : step.do === 'due' ? `${step.group} ${step.by}` : keyOf(step.row)
/** The steps of one commit, each of another row or sum. */
export const commits = fc.uniqueArray(fc.oneof(rowStep, addStep, dueStep), { maxLength: 6, selector: nameOf })

/** What a history of commits comes to, on paper: nothing yet. */
export const blank = () => ({
  rows: new Map<string, { by: string; revision: number }>(),
  /** The greatest revision that each row ever had. */
  greatest: new Map<string, number>(),
  sums: { p: 0, q: 0 },
  due: new Map<string, Due>(),
})
type Paper = ReturnType<typeof blank>

/** Due rows by time, then group and who. */
export const inTime = (rows: Due[]): Due[] =>
  rows.toSorted((a, b) => a.at - b.at || (`${a.group} ${a.by}` < `${b.group} ${b.by}` ? -1 : 1))

/** The writes of a commit and what it must answer; what it changes is changed on paper. */
export const onPaper = (paper: Paper, steps: Step[], space: string) => {
  const writes = steps.map((step) => writeOf(paper, step, space))
  const lost = steps.find((step) =>
    step.do === 'add'
      ? paper.sums[step.sum] + step.by > (step.atMost ?? 99) || paper.sums[step.sum] + step.by < (step.atLeast ?? -999)
      : step.do !== 'due' && step.stale,
  )
  if (lost === undefined) for (const step of steps) note(paper, step, space)
  const conflict =
    lost === undefined || lost.do === 'due'
      ? null
      : lost.do === 'add'
        ? { kind: 'sum', id: `${space}#${lost.sum}` }
        : { kind: lost.row.kind, id: `${space}#${lost.row.name}` }
  return { writes, answer: conflict === null ? { ok: true } : { ok: false, conflict } }
}

const writeOf = (paper: Paper, step: Step, space: string): Write => {
  if (step.do === 'add') return add(`${space}#${step.sum}`, step.by, step.atMost, step.atLeast)
  if (step.do === 'due') {
    const was = paper.due.get(nameOf(step))?.at ?? null
    return due(`${space}#${step.group}`, { by: step.by, at: step.at, was, side: step.side })
  }
  const { kind, name } = step.row
  const revision = (paper.rows.get(keyOf(step.row))?.revision ?? 0) + Number(step.stale)
  if (step.do === 'put') return putOf(kind, `${space}#${name}`, revision, step.by)
  return { [step.do]: kind, id: `${space}#${name}`, revision } as unknown as Write
}

const note = (paper: Paper, step: Step, space: string): void => {
  if (step.do === 'add') paper.sums[step.sum] += step.by
  else if (step.do === 'due' && step.at === null) paper.due.delete(nameOf(step))
  else if (step.do === 'due') {
    const { by, at, side } = step
    paper.due.set(nameOf(step), { group: `${space}#${step.group}`, by, at: at ?? 0, side })
  } else if (step.do === 'put') paper.rows.set(keyOf(step.row), { by: step.by, revision: Number.NaN })
  else if (step.do === 'remove') paper.rows.delete(keyOf(step.row))
}

/** A row must be as on paper; its revision stays while nobody writes, and is greater than ever once somebody has. */
export const seen = (paper: Paper, key: Named, stored: Stored<'freeze'> | null): void => {
  const row = paper.rows.get(keyOf(key))
  expect(stored?.value.by).toBe(row?.by)
  if (stored === null || row === undefined) return
  if (Number.isNaN(row.revision)) expect(stored.revision).toBeGreaterThan(paper.greatest.get(keyOf(key)) ?? 0)
  else expect(stored.revision).toBe(row.revision)
  row.revision = stored.revision
  paper.greatest.set(keyOf(key), stored.revision)
}
