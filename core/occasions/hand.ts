import type { SetOf } from '../../events/occasions.ts'
import { plainTime, said, shortened } from '../text.ts'
import type { Hand, OccasionKind } from './occasion.ts'

/** Longest line of what is set, for a person. Characters. */
const LINE = 300

/** Somebody has asked for it. */
export const hand: OccasionKind<Hand> = {
  keyOf: ({ id }) => `hand ${id}`,
  placeOf: ({ id }) => `run ${id}`,
  titleOf: () => 'asked for by hand',
  reasonsOf: ({ by, at, set = {} }) => [
    `${said(by, 100)} asked for it by hand ${plainTime(at)}`,
    ...setLines(set).map((line) => `set for this run alone: ${line}`),
  ],
  setOf: ({ set = {} }) => set,
  undoes: 'cancelled',
  whyNot: (on) => (on.hand === false ? 'the policy has it begun by hand no more' : null),
}

/** What is set, a line each, as the command line takes it. */
export const setLines = (set: SetOf): string[] =>
  Object.entries(set)
    .flatMap(([stage, { args, env = {} }]) => [
      ...(args === undefined ? [] : [`${stage}.args=${JSON.stringify(args)}`]),
      ...Object.entries(env).map(([name, value]) => `${stage}.env.${name}=${value}`),
    ])
    .map((line) => shortened(line, LINE))
