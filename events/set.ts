/** What a person sets otherwise than the policy says it, by the names of stages: it holds for one run. */
export type SetOf = Readonly<
  Record<string, { args?: readonly string[] | undefined; env?: Readonly<Record<string, string>> | undefined }>
>

/** Whether nothing is set. */
export const isNothingSet = (set: SetOf): boolean => Object.keys(set).length === 0
