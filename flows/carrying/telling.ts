import { outcomeCard } from '../../core/cards.ts'
import { sameRun } from '../../core/lane.ts'
import { runName } from '../../core/names.ts'
import { identityOf } from '../../core/planning/plan-for.ts'
import type { Outcome } from '../../core/reasons.ts'
import { planFinishedEvent } from '../../events/plan-finished.ts'
import { ringRun } from '../start.ts'
import type { Carrier } from './carrier.ts'

/** Kept for people and collectors to look at, then removed by Kubernetes. Seconds. */
const TTL = 24 * 3600

/** After the outcome is stored: the successor's bell, the bus, the card, and the Jobs' time to live. At least once. */
export const tell = async ({ ports, run, id }: Omit<Carrier, 'context'>, outcome: Outcome): Promise<void> => {
  const policy = await ports.policies.load()
  const lane = await ports.ledger.read('lane', run.lane)
  if (lane !== null && !sameRun(lane.value, run))
    await ringRun(
      ports,
      runName(identityOf(policy), { lane: run.lane, generation: lane.value.generation, attempt: lane.value.attempt }),
    )
  const own = (await ports.ledger.read('run', id))?.value
  const plan = (await ports.ledger.read('plan', id))?.value
  const { kind, reason, detail } = outcome
  const finished = {
    type: 'plan-finished' as const,
    id,
    at: own?.endedAt ?? ports.clock.now(),
    ...run,
    plan: id,
    outcome: kind,
    reason,
    detail,
    cost: own?.cost ?? 0,
  }
  await ports.bus.publish([planFinishedEvent(finished)])
  if (plan !== undefined)
    await ports.chat.post(policy.approvals.channel, own?.answer ?? `${id}-outcome`, outcomeCard(plan, outcome))
  for (const { object } of own?.steps ?? [])
    if (object !== null) await ports.cluster.patch(object.ref, object.uid, { spec: { ttlSecondsAfterFinished: TTL } })
}
