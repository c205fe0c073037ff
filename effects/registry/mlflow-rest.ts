import { Agent, fetch } from 'undici'
import { NotAllowed } from '../../flows/ports.ts'
import { byPassword, byToken } from '../http/credentials.ts'
import { parsedBody, type RetryOptions, retryAfterOf, retrying, type Tried } from '../http/retrying.ts'

/** What authenticates a request: asked for each time, so that it may rotate. */
export type Authentication = () => Promise<Record<string, string>>

const TOKEN = {
  where: 'the secret mlflow-token',
  write: 'a token, `basic NAME:PASSWORD`, or the word none (docs/deploy.md, step 6)',
}

/** By a token, or by name and password, `basic NAME:PASSWORD`, as MLflow's own login takes them; `none` is for a server that asks for none. */
export const bearer =
  (token: () => Promise<string>): Authentication =>
  async (): Promise<Record<string, string>> => {
    const said = await token()
    const [, pair] = /^basic (.+:.*)$/s.exec(said) ?? []
    if (pair !== undefined) return byPassword(pair, TOKEN)
    return said === 'none' ? {} : byToken(said, TOKEN)
  }

/** As MLflow's own clients authenticate: by what their environment gives. */
export const asClients = (given: Record<'token' | 'name' | 'password', string | undefined>): Record<string, string> => {
  const { token = '', name = '', password = '' } = given
  if (token !== '') return byToken(token, { where: 'MLFLOW_TRACKING_TOKEN', write: 'a token' })
  if (name === '') return {}
  const where = 'MLFLOW_TRACKING_USERNAME with MLFLOW_TRACKING_PASSWORD'
  return byPassword(`${name}:${password}`, { where, write: 'what MLflow’s login takes' })
}

export interface MlflowOptions extends RetryOptions {
  /** The tracking server, e.g. `http://mlflow.mlops:5000`. */
  url: string
  /** Sent with each request. */
  headers?: Authentication
  /** The workspace that is asked, each time: the policy may name another one. None unless told. */
  workspace?: (() => Promise<string | undefined>) | undefined
  /** Of one try, milliseconds. 10 s unless told. */
  deadline?: number
}

type Input = Record<string, unknown>

/** The workspace that is asked in place of the policy's, null for none. */
export type Within = string | null | undefined

/** MLflow's REST API 2.0: a path below `/api/2.0/mlflow/` with its query or body. Every status but 429 and 5xx is an answer. */
export interface MlflowRest {
  get(path: string, input: Input, within?: Within): Promise<Tried>
  /** What it does is not idempotent: after a lost answer it is not tried again, the caller searches before it writes. */
  post(path: string, input: Input, within?: Within): Promise<Tried>
  close(): Promise<void>
}

/** The server's address without a last slash. One that holds a password is shown wherever the address is. */
export const addressOf = (url: string): string => {
  const { username, password } = URL.canParse(url) ? new URL(url) : { username: '', password: '' }
  if (username === '' && password === '') return url.replace(/\/+$/, '')
  throw new NotAllowed(
    `the address of MLflow holds a name or a password: write it without, and ${TOKEN.write} into ${TOKEN.where}`,
  )
}

/** Who redirects is a login page, or has moved: only a person can say which address may have the credential. */
const redirected = (url: string, location: string | null): NotAllowed => {
  const to = location === null || !URL.canParse(location, url) ? 'elsewhere' : new URL(location, url).origin
  return new NotAllowed(
    `${url} redirects to ${to}: name the address of MLflow itself, and its token where it asks for a login`,
  )
}

/** What names the workspace in a request. */
export const inWorkspace = (workspace: string | undefined): Record<string, string> =>
  workspace === undefined ? {} : { 'x-mlflow-workspace': workspace }

/**
 * Throws where an answer says that there is no such workspace, or none at all: it would read like an answer about a model, which is
 * not there in a workspace that is not there, and only a person can say which one is meant (captured from 3.17.2).
 */
export const expectWorkspace = (workspace: string | undefined, body: unknown): void => {
  if (workspace === undefined || typeof body !== 'object' || body === null) return
  const { error_code: code, message } = body as { error_code?: string; message?: string }
  const isUnknown = code === 'RESOURCE_DOES_NOT_EXIST' && message === `Workspace '${workspace}' not found`
  if (isUnknown) throw new NotAllowed(`MLflow has no workspace ${workspace}: make it there, or ${NAME_ANOTHER}`)
  if (code === 'FEATURE_DISABLED')
    throw new NotAllowed(`MLflow has no workspaces: start it with \`--enable-workspaces\`, or ${LEAVE_OUT}`)
}
const NAME_ANOTHER = 'name another one as the policy’s registry.workspace'
/** What to do where there are no workspaces. */
export const LEAVE_OUT = 'leave the policy’s registry.workspace out'

/** Over connections that are kept. */
export const openMlflowRest = (options: MlflowOptions): MlflowRest => {
  const { url, headers = async () => ({}), workspace = async () => undefined, deadline = 10_000 } = options
  const dispatcher = new Agent()
  const once = async (method: 'GET' | 'POST', path: string, input: Input, within: Within): Promise<Tried> => {
    const query = method === 'GET' ? `?${new URLSearchParams(input as Record<string, string>)}` : ''
    const asked = within === undefined ? await workspace() : (within ?? undefined)
    const sent = { ...(await headers()), ...inWorkspace(asked) }
    const answer = await fetch(`${addressOf(url)}/api/2.0/mlflow/${path}${query}`, {
      method,
      dispatcher,
      // A credential goes to the address that it was given for, and no further.
      redirect: 'manual',
      signal: AbortSignal.timeout(deadline),
      headers: { accept: 'application/json', 'content-type': 'application/json', ...sent },
      ...(method === 'GET' ? {} : { body: JSON.stringify(input) }),
    })
    const body = parsedBody(await answer.text())
    if (answer.status >= 300 && answer.status < 400) throw redirected(url, answer.headers.get('location'))
    expectWorkspace(asked, body)
    return { status: answer.status, body, retryAfter: retryAfterOf(answer.headers.get('retry-after')) }
  }
  return {
    get: (path, input, within) => retrying(`MLflow ${path}`, () => once('GET', path, input, within), options),
    post: (path, input, within) =>
      retrying(`MLflow ${path}`, () => once('POST', path, input, within), { ...options, onlyRefused: true }),
    close: () => dispatcher.destroy(),
  }
}
