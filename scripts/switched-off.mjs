// The AWS half, switched off and not lost: it was made for durable executions, and is rebuilt around the work queue next.
// This list is the only one: vitest leaves these out, and test/scripts/switched-off.test.ts holds tsconfig.json to it. What is
// rebuilt is taken from the list.
export const SWITCHED_OFF = [
  'bench/doors.ts',
  'bench/imports.ts',
  'effects/aws/installation.ts',
  'test/real/aws/aws-town.ts',
  'test/real/aws/bundles.test.ts',
  'test/real/aws/bundles.ts',
  'test/real/aws/loop.test.ts',
  'test/real/aws/mortal-house.ts',
  'test/real/aws/operating.test.ts',
  'test/real/aws/troubles.ts',
]

/** What vitest leaves out. */
export const EXCLUDED = SWITCHED_OFF.flatMap((path) => [path, `${path}/**`])
