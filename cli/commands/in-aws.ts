import { parsePolicy } from '../../core/policy.ts'
import type { Installation } from '../../effects/aws/installation.ts'
import type { Commanded } from '../../flows/commands.ts'
import { Unavailable, type Workflow } from '../../flows/ports.ts'
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
  try {
    return await use(ports)
  } catch (error) {
    throw explained(error, at)
  } finally {
    ports.close()
  }
}

/** What a person asks of a lane of a deployed installation. */
export const commandInAws = (command: Command, at: InAws): Promise<Commanded> =>
  withInstallation(at, async (ports) => {
    // A command whose second half needs the policy does not begin without it. A freeze needs none: it may be urgent.
    if (command.kind !== 'freeze') await ports.policies.load()
    return commandOn({ ...ports, workflow: afterTheLedger(ports.workflow, at) }, command)
  })

/** Commands write first and then call Lambda: a failure there must not look as if nothing was done. */
const afterTheLedger = (workflow: Workflow, at: InAws): Workflow => {
  const told = <T>(call: Promise<T>, then: string): Promise<T> =>
    call.catch((error: unknown) => {
      const { message, exit } = explained(error, at)
      throw new Explained(`the ledger has it, and ${then}; but ${message}`, exit)
    })
  return {
    ...workflow,
    start: (...run) => told(workflow.start(...run), 'reconcile starts it within five minutes'),
    ring: (bell) => told(workflow.ring(bell), 'the run sees it when it next wakes by itself'),
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
