import { emptyLane } from '../core/lane.ts'
import type { Plan } from '../core/plan.ts'
import { planText } from '../core/plan-text.ts'
import { contracts } from '../events/catalogue.ts'
import { type Commanded, type CommandPorts, cancel, freeze, retry, thaw } from '../flows/commands.ts'
import { onPaper } from '../flows/on-paper.ts'
import type { Ports } from '../flows/ports.ts'
import { decide, type Intending, ruleOf } from '../flows/react.ts'
import { signSlack } from '../functions/signatures.ts'
import { matches } from './bus/match-pattern.ts'
import type { Became, Command, House, RawAnswer } from './house-type.ts'

/** What a person asks of a lane. */
export const commandOn = (ports: CommandPorts, command: Command): Promise<Commanded> => {
  switch (command.kind) {
    case 'retry':
      return retry(ports, command.lane, command.by)
    case 'cancel':
      return cancel(ports, command.lane, command.by)
    case 'freeze':
      return freeze(ports, command.lane, command)
    case 'thaw':
      return thaw(ports, command.lane, command.by)
  }
}

/** A press of a local button, as Slack would send it: the modal's shape when there is a reason, signed, through the same door. */
export const pressButton = async (
  house: House,
  question: string,
  { by, verdict, reason }: { by: string; verdict: 'approve' | 'deny'; reason: string | null },
): Promise<RawAnswer> => {
  const [team = '', user = ''] = by.split('/')
  const card = (await house.ports.ledger.read('answer', question))?.value.card ?? { channel: 'local', ts: '0' }
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
          channel: { id: card.channel, name: card.channel },
          container: { type: 'message', message_ts: card.ts, channel_id: card.channel },
          message: { ts: card.ts },
          actions: [
            {
              type: 'button',
              action_id: verdict === 'approve' ? 'approve' : 'reject',
              block_id: 'decision',
              value: question,
              action_ts: String(house.ports.clock.now() / 1000),
            },
          ],
        }
  const body = Buffer.from(`payload=${encodeURIComponent(JSON.stringify(payload))}`)
  const { slack: secret } = await house.secrets()
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    ...signSlack({ secret, body, now: house.ports.clock.now() }),
  }
  return house.webhook('slack', { headers, body })
}

interface OnPaper {
  became: Became
  plan: Plan | null
  text: string
}

/** What would happen on this event: priced, without effect. */
export const planOnPaper = async (ports: Ports, input: unknown): Promise<OnPaper> => {
  const contract = contracts.find(({ via }) => 'pattern' in via && isObject(input) && matches(via.pattern, input))
  if (contract === undefined)
    return without(null, 'refused', {
      reason: 'no-contract',
      detail: 'no contract selects this event; `signalbox contracts` lists what is understood',
    })
  const parsed = contract.parse(input)
  if (!parsed.ok) return without(contract.name, 'refused', parsed)
  return decideOnPaper(ports, contract.name, parsed.event as Intending)
}

const decideOnPaper = async (ports: Ports, name: string, event: Intending): Promise<OnPaper> => {
  const policy = await ports.policies.load()
  const rule = ruleOf(event, policy)
  if (rule === null)
    return without(name, 'ignored', { reason: 'not-configured', detail: 'no rule of the policy is about it' })
  const { lane } = rule
  const row = (await ports.ledger.read('lane', lane))?.value ?? emptyLane(lane)
  const decision = await decide(ports, event, { rule, policy, row })
  if (decision.kind !== 'intend')
    return without(name, decision.kind === 'wait' ? 'waiting' : 'ignored', { ...decision, lane })
  const planned = await onPaper(ports, policy, { row, desired: decision.intent.desired })
  if (planned.kind === 'nothing')
    return without(name, 'ignored', { reason: 'already-true', detail: planned.reason, lane })
  if (planned.kind === 'refuse') return without(name, 'refused', { ...planned, lane })
  const became: Became = { contract: name, lane, kind: 'intended', reason: null, detail: decision.detail }
  return { became, plan: planned.plan, text: planText(planned.plan, ports.clock.now()) }
}

/** An answer without a plan. */
const without = (
  contract: string | null,
  kind: Became['kind'],
  { reason, detail, lane = null }: { reason: string; detail: string; lane?: string | null },
): OnPaper => ({ became: { contract, lane, kind, reason, detail }, plan: null, text: detail })

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
