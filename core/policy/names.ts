/** What is called by a name of the policy, and may have had another before. */
interface Named {
  was?: string | undefined
}

/** The name that the lane of a rule goes by: where the rule was renamed, the one that it had before (law 18). */
export const laneNameOf = (key: string, { was }: Named): string => was ?? key

/** The rule whose lane goes by a name, under the key that it has in the policy; undefined: there is none any more. */
export const ruleNamed = <T extends Named>(
  rules: Record<string, T>,
  name: string,
): { key: string; rule: T } | undefined => {
  const own = Object.hasOwn(rules, name) ? rules[name] : undefined
  if (own !== undefined && laneNameOf(name, own) === name) return { key: name, rule: own }
  const [key, rule] = Object.entries(rules).find(([, { was }]) => was === name) ?? []
  return key === undefined || rule === undefined ? undefined : { key, rule }
}
