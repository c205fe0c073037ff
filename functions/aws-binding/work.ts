import { openSlackReplies } from '../../effects/chat/slack-replies.ts'
import { guarded } from '../../flows/guarded.ts'
import { inForce } from '../../flows/in-force.ts'
import type { WorkPorts } from '../../flows/ports.ts'
import { unique } from '../unique.ts'
import { busOf } from './bus.ts'
import { chatOf } from './chat.ts'
import { clusterOf } from './cluster.ts'
import { metricsOf } from './metrics.ts'
import { REPLY_WITHIN } from './patience.ts'
import { objectsOf, policiesOf } from './policy.ts'
import { queueOf } from './queue.ts'
import { registryOf } from './registry.ts'
import { settingsOf } from './settings.ts'
import { clock, ledgerOf, secretsOf } from './state.ts'

/** The ports of a door that reconciles or compares. */
export const workPorts = async (): Promise<WorkPorts> => {
  const settings = settingsOf()
  const [ledger, secrets, objects] = [ledgerOf(settings), secretsOf(settings), objectsOf()]
  const policies = inForce(policiesOf(settings, objects), { ledger, clock })
  const claiming = { home: settings.home, mint: unique }
  return {
    ledger,
    queue: queueOf(settings),
    cluster: guarded({ ledger, cluster: await clusterOf(settings), policies, clock }, claiming),
    bus: busOf(settings),
    chat: chatOf(ledger, secrets),
    replies: openSlackReplies({ deadline: REPLY_WITHIN }),
    registry: registryOf(settings, secrets, policies),
    objects,
    metrics: metricsOf(settings, secrets),
    policies,
    clock,
  }
}
