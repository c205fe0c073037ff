import { NotAllowed } from '../../flows/ports.ts'
import { parsedBody, type Tried } from '../http/retrying.ts'
import {
  type Authentication,
  addressOf,
  expectWorkspace,
  inWorkspace,
  LEAVE_OUT,
  openMlflowRest,
} from './mlflow-rest.ts'

/** The events that a webhook must send, as MLflow writes them. */
const EVENTS = ['MODEL_VERSION_ALIAS CREATED', 'MODEL_VERSION_ALIAS DELETED']
/** And those of what the policy may wait for besides: budgets of its gateway, new versions that begin pipelines, and tags that do. */
const BESIDES = {
  budgets: ['BUDGET_POLICY EXCEEDED'],
  versions: ['MODEL_VERSION CREATED'],
  tags: ['MODEL_VERSION CREATED', 'MODEL_VERSION_TAG SET'],
} as const

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
  workspace?: string | undefined
  /** What else is waited for. */
  besides?: readonly (keyof typeof BESIDES)[]
}): Promise<string> => {
  const { workspace, besides = [] } = options
  const rest = openMlflowRest({ ...options, workspace: async () => workspace, tries: 2 })
  const answer: Tried = await rest.get('webhooks', {}).finally(() => rest.close())
  if (answer.status === 401 || answer.status === 403) throw new NotAllowed(`MLflow answers ${answer.status}: ${TOKEN}`)
  if (answer.status !== 200)
    throw new Error(
      `MLflow answers ${answer.status} about webhooks: it needs 3.3 or later, a SQL store and its encryption key`,
    )
  const ours = ((answer.body as { webhooks?: Webhook[] }).webhooks ?? []).filter(({ url }) => url === options.webhook)
  const among = workspace === undefined ? '' : ` of the workspace ${workspace}`
  if (ours.length === 0)
    throw new Error(`no webhook${among} goes to ${options.webhook}: register it (docs/deploy.md, step 7)`)
  if (ours.length > 1) throw new Error(`${ours.length} webhooks go to ${options.webhook}: delete all but one`)
  const [{ status, events }] = ours as [Webhook]
  if (status !== 'ACTIVE') throw new Error(`the webhook is ${status}: set it to ACTIVE`)
  const sent = events.map(({ entity, action }) => `${entity} ${action}`)
  const needed = new Set([...EVENTS, ...besides.flatMap((one) => BESIDES[one])])
  const missing = [...needed].filter((event) => !sent.includes(event))
  if (missing.length > 0) throw new Error(`the webhook does not send ${missing.join(', ')}: add them`)
  return `sends ${sent.length} kinds of events${among} to ${options.webhook}`
}

/** What to do when it does not know who asks. */
const TOKEN = 'put its token into the secret mlflow-token, and say `--aws REGION` here'

/** MLflow's version, as it says it, and the workspace that was asked: it answers nobody who names one that is not there. */
export const mlflowVersion = async (
  url: string,
  headers: Authentication = async () => ({}),
  workspace?: string,
): Promise<string> => {
  const answer = await fetch(`${addressOf(url)}/version`, {
    headers: { ...(await headers()), ...inWorkspace(workspace) },
    redirect: 'manual',
    signal: AbortSignal.timeout(10_000),
  })
  const version = (await answer.text()).trim()
  if (answer.status === 401 || answer.status === 403)
    throw new NotAllowed(`${url}/version answers ${answer.status}: ${TOKEN}`)
  expectWorkspace(workspace, parsedBody(version))
  if (!answer.ok || !/^\d+\.\d+/.test(version))
    throw new Error(`${url}/version answers ${answer.status}: is it MLflow?`)
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major < 3 || (major === 3 && minor < 3))
    throw new Error(`MLflow ${version} has no webhooks: upgrade to 3.3 or later`)
  if (workspace !== undefined && major === 3 && minor < 10)
    throw new Error(`MLflow ${version} has no workspaces: upgrade to 3.10 or later, or ${LEAVE_OUT}`)
  return workspace === undefined ? version : `${version}, in its workspace ${workspace}`
}
