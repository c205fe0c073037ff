import type * as z from 'zod/mini'
import { isRecord } from '../record.ts'

/** A place that is looked at under another name: its block, the name that it has, and the one that it was given. */
interface Renamed {
  block: string
  name: string
  as: string
}

/**
 * What is wrong below a rule whose name is none. What parses names looks no further below one that is wrong, and its mistakes would be
 * met only once it is mended: so each is looked at once more, under a name that is one.
 */
export const belowBadNames = (
  config: unknown,
  issues: readonly z.core.$ZodIssue[],
  issuesOf: (config: unknown) => readonly z.core.$ZodIssue[],
): z.core.$ZodIssue[] => {
  const renamed = issues.flatMap(({ code, path: [block, name, ...below] }, index): Renamed[] =>
    code === 'invalid_key' && name !== undefined && below.length === 0
      ? [{ block: String(block), name: String(name), as: `renamed-${index}` }]
      : [],
  )
  if (renamed.length === 0 || !isRecord(config)) return []
  return issuesOf(renamed.reduce(withName, config)).flatMap((issue) => {
    const [block, as, ...below] = issue.path
    const known = renamed.find((one) => one.block === block && one.as === as)
    return known === undefined ? [] : [{ ...issue, path: [known.block, known.name, ...below] }]
  })
}

const withName = (config: Record<string, unknown>, { block, name, as }: Renamed): Record<string, unknown> => {
  const named = config[block]
  if (!isRecord(named)) return config
  const entries = Object.entries(named).map(([key, value]) => [key === name ? as : key, value])
  return { ...config, [block]: Object.fromEntries(entries) }
}

/** Where a key stands that parsing passes over without a word, since it names what an object is made from; of what stands in several places once. */
export const unseenKeys = (given: unknown, path: readonly string[] = [], seen = new Set<unknown>()): string[] => {
  if (typeof given !== 'object' || given === null || seen.has(given)) return []
  seen.add(given)
  return Object.entries(given).flatMap(([key, value]) =>
    key === '__proto__' ? [[...path, key].join('.')] : unseenKeys(value, [...path, key], seen),
  )
}
