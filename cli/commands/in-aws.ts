import { setTimeout as pause } from 'node:timers/promises'
import { parsePolicy } from '../../core/policy.ts'
import type { Installation } from '../../effects/aws/installation.ts'
import type { Commanded } from '../../flows/commands.ts'
import { inForce } from '../../flows/in-force.ts'
import { type Answered, answerTo, type Left } from '../../flows/letters.ts'
import { Unavailable } from '../../flows/ports.ts'
import type { Command } from '../../local/house-type.ts'
import { commandOn } from '../../local/person.ts'
import { readConfig } from '../../local/policies/file-policies.ts'
import { EXIT, Explained } from '../output.ts'

/** A deployed installation: its region, and the config that names it. */
export interface InAws {
  aws: string
  config: string
}

/** Uses the deployed installation's ports and closes them; what AWS refuses becomes one sentence with what to do. */
export const withInstallation = async <T>(at: InAws, use: (ports: Installation) => Promise<T>): Promise<T> => {
  if (!/^[a-z]+(-[a-z0-9]+)+$/.test(at.aws))
    throw new Explained(`--aws is a region such as eu-central-1, not ${JSON.stringify(at.aws)}`, EXIT.usage)
  const { installation } = parsePolicy(await readConfig(at.config))
  // Only now: the SDK's clients would make every other command start later.
  const { openInstallation } = await import('../../effects/aws/installation.ts')
  const ports = openInstallation({ region: at.aws, installation }, { now: () => Date.now() })
  const { read, lanes } = ports.ledger
  const policies = inForce(ports.policies, { ledger: { read, lanes }, clock: ports.clock })
  try {
    return await use({ ...ports, policies })
  } catch (error) {
    throw explained(error, at)
  } finally {
    ports.close()
  }
}

/** What a person asks of a lane of a deployed installation: a letter, and what it became as far as that is known soon. */
export const commandInAws = (command: Command, at: InAws): Promise<Commanded> =>
  withInstallation(at, (ports) => commandOn(ports, command, (left) => answered(ports, left)))

/** How long a person waits to hear what a letter became, and how often is looked. Milliseconds. */
const [PATIENCE, EVERY] = [10_000, 500]

const answered = async (ports: Installation, left: Left): Promise<Answered | null> => {
  for (const end = Date.now() + PATIENCE; ; await pause(EVERY)) {
    const answer = await answerTo(ports, left)
    if (answer !== null || Date.now() >= end) return answer
  }
}

/** Names that AWS and its SDK give to credentials that are missing, wrong or over their time. */
const NOBODY =
  /Credentials|TokenProvider|ExpiredToken|UnrecognizedClient|InvalidClientTokenId|InvalidSignature|InvalidAccessKeyId|SignatureDoesNotMatch|IncompleteSignature/
const DENIED = /AccessDenied|NotAuthorized|UnauthorizedOperation|Forbidden/
const MISSING = /ResourceNotFound|ParameterNotFound|NoSuchBucket/

/** One sentence with what to do next. What is our own mistake is thrown as it is. */
const explained = (error: unknown, { aws, config }: InAws): Explained => {
  if (error instanceof Explained || !(error instanceof Unavailable)) throw error
  const { name } = (error.cause ?? error) as Error
  const said = error.message
  if (NOBODY.test(name))
    return new Explained(`AWS does not know who you are (${said}): log in, e.g. \`aws sso login\`, or set AWS_PROFILE`)
  if (DENIED.test(name))
    return new Explained(
      `your credentials may not do this (${said}): docs/deploy.md, “Who operates it”, lists the rights`,
    )
  if (MISSING.test(name))
    return new Explained(
      `there is no such installation in ${aws} (${said}): check --aws and \`installation\` in ${config}, or deploy it`,
      EXIT.notRunning,
    )
  return new Explained(`${said}: try again; \`signalbox doctor --aws ${aws}\` looks at each part`)
}
