import type { Ports } from '../flows/ports.ts'
import { refuseInput } from '../flows/refuse.ts'
import { door as alarmChanged } from '../functions/alarm-changed.ts'
import { door as alertWebhook } from '../functions/alert-webhook.ts'
import { door as budgetCrossed } from '../functions/budget-crossed.ts'
import { door as budgetNotice } from '../functions/budget-notice.ts'
import { door as capacityWarned } from '../functions/capacity-warned.ts'
import { door as costAnomaly } from '../functions/cost-anomaly.ts'
import { door as datasetUploaded } from '../functions/dataset-uploaded.ts'
import { door as driftDetected } from '../functions/drift-detected.ts'
import { door as driftReported } from '../functions/drift-reported.ts'
import type { Hearing } from '../functions/hearing.ts'
import type { HttpEvent } from '../functions/http.ts'
import { door as meter } from '../functions/meter.ts'
import { door as modelPromoted } from '../functions/model-promoted.ts'
import type { Answer } from '../functions/reacting.ts'
import { door as reconcile } from '../functions/reconcile.ts'
import { door as registryWebhook } from '../functions/registry-webhook.ts'
import { door as resync } from '../functions/resync.ts'
import { door as slackCommand } from '../functions/slack-command.ts'
import { door as slackInteraction } from '../functions/slack-interaction.ts'
import { door as versionChanged } from '../functions/version-changed.ts'
import { door as watch } from '../functions/watch.ts'
import { matches } from './bus/match-pattern.ts'
import type { Became, RawAnswer, RawRequest } from './house-type.ts'
import { whyNoContract } from './no-contract.ts'
import type { Wait } from './person.ts'

/** The doors that a bus wakes, with the pattern that their contract deploys. */
const busDoors = [
  datasetUploaded,
  modelPromoted,
  versionChanged,
  driftDetected,
  alarmChanged,
  driftReported,
  capacityWarned,
  budgetCrossed,
  costAnomaly,
].map((door) => {
  if (door.trigger.kind !== 'bus' || !('bus' in door.trigger.contract.via))
    throw new Error(`${door.name} has no pattern`)
  return { name: door.name, pattern: door.trigger.contract.via.pattern, handler: door.handler }
})

/** The doors that touch the cluster: each gets a role of its own. */
export const clusterDoors = [reconcile, resync, watch, meter].map(({ name, kubernetes }) => ({ name, kubernetes }))

/** The local bus's targets: the same doors that a rule wakes in AWS. */
export const busTargets = (ports: () => Ports) =>
  busDoors.map(({ name, pattern, handler }) => ({
    name,
    pattern,
    deliver: async (event: unknown): Promise<void> => {
      await handler(ports())(event)
    },
  }))

/** Whether any door's rule would take it: most objects of a bucket concern nobody. */
export const isSelected = (event: unknown): boolean => busDoors.some(({ pattern }) => matches(pattern, event))

/** One EventBridge event from outside, through every door whose pattern selects it. */
export const deliverThrough = async (ports: Ports, event: unknown, wait: Wait): Promise<Became> => {
  if (typeof event !== 'object' || event === null || Array.isArray(event))
    return refused(ports, 'not-an-object', 'an event is a JSON object')
  const selected = busDoors.find(({ pattern }) => matches(pattern, event))
  if (selected === undefined) return refused(ports, 'no-contract', whyNoContract(event))
  return became(selected.name, await selected.handler(ports)(event), wait)
}

const refused = async (ports: Ports, reason: 'not-an-object' | 'no-contract', detail: string): Promise<Became> => {
  await refuseInput(ports, { source: 'bus', reason, detail })
  return { contract: null, lane: null, kind: 'refused', reason, detail }
}

/** What the letter became that the door left. */
const became = async (contract: string, answer: Answer | Hearing, wait: Wait): Promise<Became> => {
  if (answer.kind === 'heard')
    return { contract, lane: answer.lane, kind: 'recorded', reason: null, detail: answer.detail }
  if (answer.kind === 'ignored') return { contract, ...answer }
  if (answer.kind === 'refused') return { contract, lane: null, ...answer }
  if (answer.kind === 'not-configured')
    return { contract, lane: null, kind: 'ignored', reason: 'not-configured', detail: answer.detail }
  const { lane } = answer
  const found = await wait(answer)
  if (found === null)
    return {
      contract,
      lane,
      kind: 'unanswered',
      reason: null,
      detail: `it is written down, and nobody could look yet: \`signalbox why ${lane}\` says why`,
    }
  return { contract, lane, kind: found.became as Became['kind'], reason: found.reason, detail: found.detail }
}

/** The HTTP doors, called with API Gateway's event. */
export const httpDoors = (ports: Ports) => {
  const doors = { mlflow: registryWebhook, slack: slackInteraction, commands: slackCommand, alerts: alertWebhook }
  return {
    answerHttp: async (route: keyof typeof doors, request: RawRequest): Promise<RawAnswer> => {
      const door = doors[route]
      const event: HttpEvent = {
        version: '2.0',
        rawPath: door.trigger.kind === 'http' ? door.trigger.route : '/',
        headers: request.headers,
        body: Buffer.from(request.body).toString('base64'),
        isBase64Encoded: true,
      }
      const answer = await door.handler(ports)(event)
      return { status: answer.statusCode, body: JSON.parse(answer.body) as Record<string, unknown> }
    },
  }
}

/** What SNS hands the door of notices: one message in a call. */
export const noticeThrough = async (ports: Ports, message: unknown): Promise<Became> => {
  const answer = await budgetNotice.handler(ports)({ Records: [{ EventSource: 'aws:sns', Sns: message }] })
  const none = { contract: budgetNotice.name, lane: null }
  if (answer.kind === 'refused') return { ...none, ...answer, kind: 'refused' }
  return {
    ...none,
    kind: 'recorded',
    reason: null,
    detail: 'it is put on the bus: `signalbox budgets` shows what is told',
  }
}

/** The meter's door. */
export const meterDoor = (ports: Ports): (() => Promise<unknown>) => {
  const handler = meter.handler(ports)
  return () => handler({})
}

/** The schedule's door. */
export const resyncDoor = (ports: Ports): (() => Promise<unknown>) => {
  const handler = resync.handler(ports)
  return () => handler({})
}
