import { type Config, parsePolicy } from '../../core/policy.ts'
import { virtualClock } from '../../local/clock.ts'
import { runUntil } from '../../local/drive.ts'
import { openHouse } from '../../local/house.ts'
import { fixedPolicies, readSimulated } from '../../local/policies/file-policies.ts'
import { fixedSecrets } from '../../local/secrets/local-secrets.ts'
import { openStores } from '../../local/stores.ts'
import { playTour, tourNeeds } from '../../local/tour.ts'
import { EXIT, Explained, type Output, show } from '../output.ts'

const DAY = 24 * 3_600_000
/** The last day of a month, so that its end is part of the story. */
const BEGUN = Date.UTC(2026, 10, 30, 12)

/** The story in the terminal, in memory and on virtual time. Exit 0 only if every outcome is as it should be. */
export const tour = async ({ config }: { config: string }, output: Output): Promise<number> => {
  let edited = (await readSimulated(config)) as Config
  const policy = parsePolicy(edited)
  const missing = tourNeeds(policy)
  if (missing !== null) throw new Explained(missing)
  const stores = openStores(null)
  const clock = virtualClock(BEGUN)
  const secrets = fixedSecrets({
    'mlflow-webhook': 'tour',
    'alert-webhook': 'test-alerts',
    'slack-signing': 'tour',
    token: 'tour',
  })
  const policies = fixedPolicies(policy)
  const errors: unknown[] = []
  const house = await openHouse({
    stores,
    policies,
    secrets,
    clock,
    onError: (_, error) => errors.push(error),
  })
  try {
    const chapters = await playTour(house, {
      say: (line) => {
        if (!output.json) output.out(line)
      },
      until: async (what, done) => {
        if (!(await runUntil(house, clock, { done, atMost: DAY }))) throw new Error(`not within a day: ${what}`)
      },
      answerAs: policy.approvals.approvers[0]?.id ?? null,
      edit: (change) => {
        edited = change(edited)
        policies.set(parsePolicy(edited))
      },
    })
    const good = errors.length === 0 && chapters.every(({ outcome, expected }) => outcome === expected)
    show(
      output,
      { chapters, good },
      `${good ? '✓' : '✗'} ${chapters.length} chapters, every outcome ${good ? 'as it should be' : 'listed above'}`,
    )
    for (const error of errors) output.err(String(error))
    return good ? EXIT.ok : EXIT.failed
  } finally {
    await house.close()
    stores.close()
  }
}
