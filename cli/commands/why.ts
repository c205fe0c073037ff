import { parsePolicy } from '../../core/policy.ts'
import type { Ledger } from '../../flows/ledger-port.ts'
import { type Why, whyOf } from '../../flows/why.ts'
import { CATALOGUES } from '../../functions/door.ts'
import { stoppedAt } from '../../local/main.ts'
import { fixedPolicies, readSimulated } from '../../local/policies/file-policies.ts'
import { utc } from '../../local/waiting.ts'
import { type Client, runningClient } from '../client.ts'
import { EXIT, type Output, show, type Where } from '../output.ts'
import { calledIn } from './called.ts'
import { withInstallation } from './in-aws.ts'
import { withLedger } from './ledger.ts'
import { unknownSubject } from './read.ts'

/**
 * Why a lane is where it is, in one sentence. A product that runs on the folder is asked, since it knows its policy and its
 * time; else its ledger is read, under the policy of the config. What is deployed is read with both of its own.
 */
export const why = async (where: Where, lane: string, output: Output): Promise<number> => {
  const { aws, config } = where
  const client = aws === undefined ? runningClient(where.data) : null
  const said =
    aws === undefined
      ? await localWhy(client, where, lane)
      : await withInstallation({ aws, config }, async (ports) => {
          // What cannot be reached at all is said first.
          await ports.policies.load()
          return whyOf(ports, lane, CATALOGUES)
        })
  if (said.why === 'nothing-known') {
    const called = await calledIn(where)
    throw await withLedger(where, (ledger) => unknownSubject({ ledger, called }, `lane ${lane}`))
  }
  show(output, said, sentence(said, aws === undefined && client === null))
  return EXIT.ok
}

const localWhy = async (client: Client | null, where: Where, lane: string): Promise<Why> =>
  client === null
    ? withLedger(where, (ledger) => readWhy(ledger, where, lane))
    : ((await client.get(`/api/why?lane=${encodeURIComponent(lane)}`)) as { why: Why }).why

/** As it stood when the product was last seen to run. */
const readWhy = async (ledger: Ledger, { data, config }: Where, lane: string): Promise<Why> => {
  const policies = fixedPolicies(parsePolicy(await readSimulated(config)))
  const now = stoppedAt(data) ?? Date.now()
  return whyOf({ ledger, policies, clock: { now: () => now } }, lane, CATALOGUES)
}

/** Lanes that stand so need nobody to go on. */
const STANDS: ReadonlySet<Why['why']> = new Set(['done', 'parked'])

/** Who waits, for what, and what could not be told of it. */
const sentence = ({ lane, why: reason, text, since, also, retry }: Why, isStopped: boolean): string =>
  [
    `${lane}: ${text}${since === null ? '' : ` (since ${utc(since)})`}`,
    ...also,
    ...(retry ? [`to begin it again: \`signalbox retry ${lane}\``] : []),
    ...(isStopped && !STANDS.has(reason) ? ['no product runs on this folder: it goes on once one does'] : []),
  ].join('\n')
