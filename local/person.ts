import { calledBy, inNewNames, laneMeant } from '../core/lane-kinds/called.ts'
import type { Plan } from '../core/plan.ts'
import { planText } from '../core/plan-text.ts'
import { againstOnPaper } from '../core/policy/on-paper.ts'
import { contracts } from '../events/catalogue.ts'
import type { IntendingEvent } from '../events/contract.ts'
import { type Commanded, freeze, lease, lift, order, run, thaw } from '../flows/commands.ts'
import type { Answered, Left, LetterPorts } from '../flows/letters.ts'
import { onPaper } from '../flows/on-paper.ts'
import type { WorkPorts } from '../flows/ports.ts'
import { CATALOGUES } from '../functions/door.ts'
import { signSlack } from '../functions/signatures.ts'
import { unique } from '../functions/unique.ts'
import { matches } from './bus/match-pattern.ts'
import type { Became, Command, House, RawAnswer } from './house-type.ts'
import { whyNoContract } from './no-contract.ts'

/** Waits until a letter is answered; null when nobody did in time. */
export type Wait = (left: Left) => Promise<Answered | null>

/** What a person asks of a lane, by either of its names. A command that is a letter is answered when it is folded. */
export const commandOn = async (
  ports: LetterPorts & Pick<WorkPorts, 'policies'>,
  said: Command,
  wait: Wait,
): Promise<Commanded> => {
  // While nobody can read the policy, a lane has the name that it always had.
  const called = await ports.policies.load().then(calledBy, () => ({}))
  const done = await doneOn(ports, 'lane' in said ? { ...said, lane: laneMeant(called, said.lane) } : said, wait)
  return { ...done, detail: inNewNames(called, done.detail) }
}

const doneOn = async (
  ports: LetterPorts & Pick<WorkPorts, 'policies'>,
  command: Command,
  wait: Wait,
): Promise<Commanded> => {
  switch (command.kind) {
    case 'retry':
    case 'cancel': {
      const left = await order(ports, command, unique())
      return 'letter' in left ? commanded(await wait(left), left) : left
    }
    case 'lease': {
      const { gpus = null, until = null, more = null, of = null } = command
      const left = await lease(ports, { ...command, gpus, until, more, of }, unique())
      return 'letter' in left ? commanded(await wait(left), left) : left
    }
    case 'run': {
      const left = await run(ports, { ...command, id: command.id ?? unique() })
      return 'letter' in left ? commanded(await wait(left), left) : left
    }
    case 'lift': {
      const left = await lift(ports, command, unique())
      return 'letter' in left ? commanded(await wait(left), left) : left
    }
    case 'freeze':
      return freeze(ports, command.lane, command)
    case 'thaw':
      return thaw(ports, command.lane, command.by)
  }
}

const commanded = (answer: Answered | null, { lane }: Left): Commanded =>
  answer === null
    ? {
        ok: false,
        detail: `it is written down and not heeded yet: \`signalbox why ${lane}\` says what ${lane} waits for`,
      }
    : { ok: answer.became === 'recorded', detail: answer.detail }

/** A press of a local button, as Slack would send it: the modal's shape when there is a reason, signed, through the same door. */
export const pressButton = async (
  house: House,
  question: string,
  { by, verdict, reason }: { by: string; verdict: 'approve' | 'deny'; reason: string | null },
): Promise<RawAnswer> => {
  const [team = '', user = ''] = by.split('/')
  const now = house.ports.clock.now()
  const common = {
    team: { id: team, domain: 'local' },
    user: { id: user, username: user, name: user, team_id: team },
    api_app_id: 'A0LOCAL',
  }
  const payload =
    verdict === 'deny' && reason !== null
      ? {
          type: 'view_submission',
          ...common,
          view: {
            callback_id: 'reason',
            private_metadata: question,
            state: { values: { why: { text: { type: 'plain_text_input', value: reason } } } },
          },
        }
      : {
          type: 'block_actions',
          ...common,
          actions: [
            {
              type: 'button',
              action_id: verdict === 'approve' ? 'approve' : 'reject',
              block_id: 'decision',
              value: question,
              action_ts: String(now / 1000),
            },
          ],
        }
  const body = Buffer.from(`payload=${encodeURIComponent(JSON.stringify(payload))}`)
  const { slack: secret } = await house.secrets()
  const headers = { 'content-type': 'application/x-www-form-urlencoded', ...signSlack({ secret, body, now }) }
  return house.webhook('slack', { headers, body })
}

/** What an accepted press became, in the words of the person who pressed. */
export const pressed = async ({ status, body }: RawAnswer, wait: Wait): Promise<RawAnswer> => {
  const { accepted, lane } = body
  if (typeof accepted !== 'string' || typeof lane !== 'string') return { status, body }
  const answer = await wait({ lane, letter: accepted })
  if (answer === null)
    return {
      status: 202,
      body: { accepted, lane, detail: `it is written down and not counted yet: \`signalbox why ${lane}\` says why` },
    }
  return answer.became === 'recorded'
    ? { status, body: { recorded: answer.data['state'], lane } }
    : { status, body: { refused: answer.reason, detail: answer.detail, lane } }
}

interface OnPaper {
  became: Became
  plan: Plan | null
  text: string
}

/** What would happen on this event: priced, without effect. */
export const planOnPaper = async (ports: WorkPorts, input: unknown): Promise<OnPaper> => {
  const policy = await ports.policies.load()
  const problem = (await ports.policies.problem?.()) ?? null
  if (problem !== null) return without(null, { kind: 'refused', reason: 'policy', detail: problem })
  const contract = contracts.find(({ via }) => 'pattern' in via && isObject(input) && matches(via.pattern, input))
  if (contract === undefined)
    return without(null, {
      kind: 'refused',
      reason: 'no-contract',
      detail: isObject(input)
        ? whyNoContract(input)
        : 'no contract selects this event; `signalbox contracts` lists what is understood',
    })
  const parsed = contract.parse(input)
  if (!parsed.ok) return without(contract.name, { kind: 'refused', ...parsed })
  const { plan, ...became } = await onPaper(ports, parsed.event as IntendingEvent, CATALOGUES)
  const text = became.kind === 'intended' && plan !== null ? planText(plan, ports.clock.now()) : nothingText(became)
  const against = became.lane === null ? [] : againstOnPaper(policy, became.lane)
  if (became.kind !== 'intended' || against.length === 0)
    return { became: { contract: contract.name, ...became }, plan, text }
  const detail = `the policy cannot work as it is written:\n${against.map(({ path, why }) => `  - ${path}: ${why}`).join('\n')}`
  const refused = { ...became, kind: 'refused', reason: 'policy', detail } as const
  return {
    became: { contract: contract.name, ...refused },
    plan,
    text: `${nothingText(refused)}\n\nAn event would still come to this:\n\n${text}`,
  }
}

/** An event that moves nothing has no plan to read: the same words as when it is sent. */
const nothingText = ({ kind, reason, lane, detail }: Omit<Became, 'contract'>): string =>
  `${kind}${reason === null ? '' : ` (${reason})`}${lane === null ? '' : ` · ${lane}`}: ${detail}`

/** An answer without a plan. */
const without = (
  contract: string | null,
  { kind, reason, detail }: { kind: Became['kind']; reason: string; detail: string },
): OnPaper => ({
  became: { contract, lane: null, kind, reason, detail },
  plan: null,
  text: nothingText({ kind, reason, lane: null, detail }),
})

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
