import { asPublished } from '../events/budget-crossed.ts'
import { noticesIn } from '../events/budget-notice.ts'
import type { Ports } from '../flows/ports.ts'
import { refuseInput } from '../flows/refuse.ts'
import { defineDoor } from './door.ts'
import { AWS, ROWS } from './rights.ts'

/**
 * What AWS Budgets, its actions and Cost Anomaly Detection say by SNS: put on our bus, each by itself. That it is they who say so is the
 * topic's: nobody else publishes to it, and nothing but it may call this function (infra/stacks/money.ts).
 */
export const door = defineDoor({
  name: 'budget-notice',
  trigger: { kind: 'topic' },
  ports: ['ledger', 'bus', 'clock'],
  kubernetes: [],
  aws: [...ROWS.refusals, ...AWS.bus],
  handler: (ports) => (event: unknown) => receive(ports, event),
})

/** What a call became; `refused` where nothing of it was a notice. */
type Received =
  | { kind: 'published'; accepted: number; refused: number }
  | { kind: 'refused'; reason: string; detail: string }

const receive = async (ports: Pick<Ports, 'ledger' | 'bus' | 'clock'>, event: unknown): Promise<Received> => {
  const parsed = noticesIn(event)
  const { notices, refused } = parsed.ok ? parsed.event : { notices: [], refused: [parsed] }
  if (notices.length > 0) await ports.bus.publish(notices.map(asPublished))
  for (const { reason, detail } of refused) await refuseInput(ports, { source: 'budget-notice', reason, detail })
  const [first] = refused
  return notices.length === 0 && first !== undefined
    ? { kind: 'refused', reason: first.reason, detail: first.detail }
    : { kind: 'published', accepted: notices.length, refused: refused.length }
}
