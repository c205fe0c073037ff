// The AWS half, switched off and not lost: it was made for durable executions, and is rebuilt around the work queue next.
// This list is the only one: vitest leaves these out, and test/scripts/switched-off.test.ts holds tsconfig.json to it. What is
// rebuilt is taken from the list; then `build`, `synth`, `diff` and `deploy` of package.json, and `synth` of .ci/run, come back.
export const SWITCHED_OFF = [
  'bench/doors.ts',
  'bench/imports.ts',
  'effects/aws/installation.ts',
  'infra',
  'test/docs/deploy.test.ts',
  'test/infra',
  'test/real/aws/aws-town.ts',
  'test/real/aws/bundles.test.ts',
  'test/real/aws/bundles.ts',
  'test/real/aws/cfn-lint.test.ts',
  'test/real/aws/loop.test.ts',
  'test/real/aws/mortal-house.ts',
  'test/real/aws/operating.test.ts',
  'test/real/aws/troubles.ts',
  'test/scripts/build.test.ts',
]

/** What vitest leaves out. */
export const EXCLUDED = SWITCHED_OFF.flatMap((path) => [path, `${path}/**`])

if (process.argv[1]?.endsWith('switched-off.mjs')) {
  const command = process.argv[2] ?? 'that'
  process.stderr.write(
    `npm run ${command}: the AWS half is switched off until it is rebuilt around the work queue (scripts/switched-off.mjs)\n`,
  )
  process.exitCode = 1
}
