import { groupsOf } from '../../core/policy/approvals.ts'
import { type Config, type Policy, PolicyError, parsePolicy } from '../../core/policy.ts'
import { counted } from '../../core/text.ts'
import { virtualClock } from '../../local/clock.ts'
import { runUntil } from '../../local/drive.ts'
import { openHouse } from '../../local/house.ts'
import { fixedPolicies, readSimulated } from '../../local/policies/file-policies.ts'
import { fixedSecrets } from '../../local/secrets/local-secrets.ts'
import { openStores } from '../../local/stores.ts'
import { playTour } from '../../local/tour.ts'
import { tourNeeds } from '../../local/tour-needs.ts'
import { StoryEnds } from '../../local/tour-stage.ts'
import { EXIT, Explained, type Output, show } from '../output.ts'

const SECRETS = { 'mlflow-webhook': 'tour', 'alert-webhook': 'test-alerts', 'slack-signing': 'tour', token: 'tour' }
const DAY = 24 * 3_600_000
/** The last day of a month, so that its end is part of the story. */
const BEGUN = Date.UTC(2026, 10, 30, 12)

/** The story in the terminal, in memory and on virtual time. Exit 0 only if every outcome is as it should be. */
export const tour = async ({ config }: { config: string }, output: Output): Promise<number> => {
  let edited = (await readSimulated(config)) as Config
  const policy = parsePolicy(edited)
  const missing = tourNeeds(policy)
  if (missing !== null) throw new Explained(missing)
  const people = peopleFor(policy)
  const stores = openStores(null)
  const clock = virtualClock(BEGUN)
  const secrets = fixedSecrets(SECRETS)
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
        if (!(await runUntil(house, clock, { done, atMost: DAY }))) throw new StoryEnds(`not within a day: ${what}`)
      },
      answerAs: people,
      edit: (change) => {
        edited = change(edited)
        policies.set(parsedAs(edited))
      },
    })
    const good = errors.length === 0 && chapters.every(({ outcome, expected }) => outcome === expected)
    show(
      output,
      { chapters, good },
      `${good ? '✓' : '✗'} ${counted(chapters.length, 'chapter')}, every outcome ${good ? 'as it should be' : 'listed above'}`,
    )
    for (const error of errors) output.err(String(error))
    return good ? EXIT.ok : EXIT.failed
  } finally {
    await house.close()
    stores.close()
  }
}

/** An edit that the policy does not take ends the story as anything else does that it needs. */
const parsedAs = (edited: Config): Policy => {
  try {
    return parsePolicy(edited)
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    throw new StoryEnds(`its edit does not hold together: ${error.problems.join('; ')}`)
  }
}

/** Who answers: of user groups Slack alone knows who is in them. Throws `Explained` where they are too few. */
const peopleFor = ({ approvals }: Policy): string[] => {
  const groups = groupsOf(approvals)
  const people = approvals.approvers.map(({ id }) => id).filter((id) => !groups.includes(id))
  if (people.length >= approvals.need) return people
  throw new Explained(
    `the tour answers as people of approvals.approvers, and who is in ${groups.join(', ')} Slack alone knows`,
  )
}
