import { NotAllowed } from '../../flows/ports.ts'
import type { Tried } from '../http/retrying.ts'
import { type Authentication, openMlflowRest } from './mlflow-rest.ts'

/** The events that a webhook must send, as MLflow writes them. */
const EVENTS = ['MODEL_VERSION_ALIAS CREATED', 'MODEL_VERSION_ALIAS DELETED']

interface Webhook {
  url: string
  status: string
  events: { entity: string; action: string }[]
}

/**
 * Whether MLflow sends what is promoted to `webhook`: one active subscription with both events of an alias. Rejects with
 * what is wrong: none, disabled, an event missing, or two of them, which deliver everything twice.
 */
export const webhookAnswer = async (options: {
  url: string
  webhook: string
  headers?: Authentication
}): Promise<string> => {
  const rest = openMlflowRest({ ...options, tries: 2 })
  const answer: Tried = await rest.get('webhooks', {}).finally(() => rest.close())
  if (answer.status === 401 || answer.status === 403) throw new NotAllowed(`MLflow answers ${answer.status}: ${TOKEN}`)
  if (answer.status !== 200)
    throw new Error(
      `MLflow answers ${answer.status} about webhooks: it needs 3.3 or later, a SQL store and its encryption key`,
    )
  const ours = ((answer.body as { webhooks?: Webhook[] }).webhooks ?? []).filter(({ url }) => url === options.webhook)
  if (ours.length === 0) throw new Error(`no webhook goes to ${options.webhook}: register it (docs/deploy.md, step 7)`)
  if (ours.length > 1) throw new Error(`${ours.length} webhooks go to ${options.webhook}: delete all but one`)
  const [{ status, events }] = ours as [Webhook]
  if (status !== 'ACTIVE') throw new Error(`the webhook is ${status}: set it to ACTIVE`)
  const sent = events.map(({ entity, action }) => `${entity} ${action}`)
  const missing = EVENTS.filter((event) => !sent.includes(event))
  if (missing.length > 0) throw new Error(`the webhook does not send ${missing.join(', ')}: add them`)
  return `sends ${sent.length} kinds of events to ${options.webhook}`
}

/** What to do when it does not know who asks. */
const TOKEN = 'put its token into the secret mlflow-token, and say `--aws REGION` here'

/** MLflow's version, as it says it. */
export const mlflowVersion = async (url: string, headers: Authentication = async () => ({})): Promise<string> => {
  const place = `${url.replace(/\/+$/, '')}/version`
  const answer = await fetch(place, {
    headers: await headers(),
    redirect: 'manual',
    signal: AbortSignal.timeout(10_000),
  })
  const version = (await answer.text()).trim()
  if (answer.status === 401 || answer.status === 403)
    throw new NotAllowed(`${url}/version answers ${answer.status}: ${TOKEN}`)
  if (!answer.ok || !/^\d+\.\d+/.test(version))
    throw new Error(`${url}/version answers ${answer.status}: is it MLflow?`)
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major < 3 || (major === 3 && minor < 3))
    throw new Error(`MLflow ${version} has no webhooks: upgrade to 3.3 or later`)
  return version
}
