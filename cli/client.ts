import { byToken } from '../effects/http/credentials.ts'
import { type Running, readRunning } from '../local/main.ts'
import { EXIT, Explained } from './output.ts'

/** The running product, spoken to over HTTP. */
export interface Client {
  url: string
  /** The policy's file that it was started with, in full; undefined where it did not say. */
  config: string | undefined
  get(path: string): Promise<Record<string, unknown>>
  post(path: string, body: unknown): Promise<{ status: number; body: Record<string, unknown> }>
}

/** The product that runs on this data folder; throws with what to do when there is none. */
export const findRunning = (dataDir: string): Client => {
  const client = runningClient(dataDir)
  if (client !== null) return client
  throw new Explained(
    `no product runs on ${dataDir}: start one with \`signalbox start --data ${dataDir}\``,
    EXIT.notRunning,
  )
}

/** The product that runs on this data folder; null when there is none. */
export const runningClient = (dataDir: string): Client | null => {
  const running = readRunning(dataDir)
  return running === null ? null : clientOf(running)
}

/** Why the product goes on with an older policy than the one that is written, in a sentence; null: it does not. */
export const policyNotInForce = async (client: Client): Promise<string | null> =>
  (await policyInForce(client)).notInForce ?? null

/** The version of the policy that the product works by, and why that is an older one than is written. */
export const policyInForce = async (client: Client): Promise<{ version?: string; notInForce?: string | null }> => {
  const { health } = (await client.get('/healthz')) as {
    health?: { policy?: Awaited<ReturnType<typeof policyInForce>> }
  }
  return health?.policy ?? {}
}

const TOKEN = { where: '`token` in secrets.json of the data folder', write: 'a token' }

const clientOf = ({ url, token, config }: Running): Client => {
  const ask = async (path: string, init?: RequestInit): Promise<{ status: number; body: Record<string, unknown> }> => {
    const response = await fetch(`${url}${path}`, init).catch((error: unknown) => {
      throw new Explained(
        `the product at ${url} does not answer: ${error instanceof Error ? error.message : String(error)}`,
        EXIT.notRunning,
      )
    })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  return {
    url,
    config,
    get: async (path) => {
      const { status, body } = await ask(path)
      if (status >= 400) throw new Explained(String(body['detail'] ?? body['error'] ?? `${path}: ${status}`))
      return body
    },
    post: (path, body) =>
      ask(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...byToken(token, TOKEN) },
        body: JSON.stringify(body),
      }),
  }
}
