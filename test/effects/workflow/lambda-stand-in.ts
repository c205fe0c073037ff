import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Updates } from '../../../effects/workflow/durable-context.ts'
import { type DurableFunction, type FunctionOptions, openDurableFunction, Refused } from './durable-function.ts'

/** What goes wrong with a call: it is not done, or it is done and the answer is lost. */
export type Trouble = 'throttled' | 'lost' | null

interface Asked {
  /** What stands between the fixed parts of its path. */
  about: string
  query: URLSearchParams
  headers: IncomingMessage['headers']
  body: string
}
interface Answered {
  status?: number
  headers?: Record<string, string>
  body: object
}
type Functions = ReadonlyMap<string, DurableFunction>
type Operation = (functions: Functions, asked: Asked) => Answered

/** Where clients send to, with credentials that are anything: an `AWS_…` variable each. */
export type Environment = Record<
  'AWS_ENDPOINT_URL_LAMBDA' | 'AWS_REGION' | 'AWS_ACCESS_KEY_ID' | 'AWS_SECRET_ACCESS_KEY',
  string
>

/** Lambda's API for durable functions as far as we speak it: a stand-in of ours, on loopback. */
export const openLambdaStandIn = async (troubleOf: (operation: string) => Trouble = () => null) => {
  const functions = new Map<string, DurableFunction>()
  const counts: Record<string, number> = {}
  const server = createServer(async (request, response) => {
    const [name, operation, asked] = await route(request)
    const trouble = troubleOf(name)
    const what = trouble === null ? name : `${name} ${trouble}`
    counts[what] = (counts[what] ?? 0) + 1
    const {
      status = 200,
      headers = {},
      body,
    } = trouble === 'throttled' ? refusal(throttled()) : done(() => operation(functions, asked))
    if (trouble === 'lost') return void response.destroy()
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const environment: Environment = {
    AWS_ENDPOINT_URL_LAMBDA: endpoint,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
  }
  return {
    at: { endpoint, region: 'eu-central-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } },
    environment,
    /** How often each operation was asked, and what went wrong with it. */
    counts,
    serve: (options: FunctionOptions): DurableFunction => {
      const opened = openDurableFunction(options)
      functions.set(options.name, opened)
      return opened
    },
    close: (): Promise<void> =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const done = (work: () => Answered): Answered => {
  try {
    return work()
  } catch (error) {
    return refusal(error instanceof Refused ? error : new Refused('ServiceException', 500, String(error)))
  }
}
const refusal = ({ name, status, message }: Refused): Answered => ({
  status,
  headers: { 'x-amzn-errortype': name },
  body: { Type: 'User', Message: message, message },
})
const throttled = (): Refused => new Refused('TooManyRequestsException', 429, 'Rate Exceeded.')
const invalid = (message: string): Refused => new Refused('InvalidParameterValueException', 400, message)

/** `NAME`, `NAME:ALIAS`, `ACCOUNT:function:NAME`, or an ARN, with or without an alias. */
const FUNCTION = /^(?:(?:arn:aws:lambda:[a-z0-9-]+:)?\d{12}:)?(?:function:)?([\w-]+)(?::([\w$-]+))?$/
const EXECUTION = /:function:([\w-]+):\d+\/durable-execution\/([\w-]+)\/[\w-]+$/

const functionOf = (functions: Functions, { about, query }: Asked): [DurableFunction, string | null] => {
  const [, name = '', inName = null] = FUNCTION.exec(about) ?? []
  const qualifier = query.get('Qualifier') ?? inName
  const found = functions.get(name)
  if (!found?.knows(qualifier)) throw new Refused('ResourceNotFoundException', 404, `Function not found: ${about}`)
  return [found, qualifier]
}

const executionOf = (functions: Functions, about: string): [DurableFunction, string] => {
  const [, name = '', execution = ''] = EXECUTION.exec(about) ?? []
  const found = functions.get(name)
  if (found === undefined) throw new Refused('ResourceNotFoundException', 404, `no durable execution ${about}`)
  return [found, execution]
}

const invoke: Operation = (functions, asked) => {
  const [found, qualifier] = functionOf(functions, asked)
  if (qualifier === null) throw invalid('You cannot invoke a durable function using an unqualified ARN.')
  if (asked.headers['x-amz-invocation-type'] !== 'Event') throw invalid('the stand-in starts asynchronously alone')
  const execution = String(asked.headers['x-amz-durable-execution-name'])
  if (!/^[\w-]{1,64}$/.test(execution)) throw invalid(`${execution} cannot be the name of an execution`)
  const arn = found.start(execution, asked.body)
  return { status: 202, headers: { 'x-amz-durable-execution-arn': arn }, body: {} }
}

const checkpoint: Operation = (functions, { about, body }) => {
  const [found, execution] = executionOf(functions, about)
  const input = JSON.parse(body) as { CheckpointToken: string; ClientToken: string; Updates?: Updates }
  const given = { token: input.CheckpointToken, client: input.ClientToken, updates: input.Updates }
  return { body: found.checkpoint(execution, given) }
}

const getState: Operation = (functions, { about, query }) => {
  const [found, execution] = executionOf(functions, about)
  return { body: found.state(execution, String(query.get('CheckpointToken')), Number(query.get('Marker'))) }
}

const ring: Operation = (functions, { about }) => {
  if ([...functions.values()].some((one) => one.ring(about))) return { body: {} }
  throw new Refused('CallbackTimeoutException', 400, 'the callback is over its time, or closed')
}

/** Names are found by a part of them, as Lambda's first documentation says. */
const list: Operation = (functions, asked) => {
  const [found, qualifier] = functionOf(functions, asked)
  const { query } = asked
  // Seen by those who asked a real account so.
  if (qualifier !== null && query.has('DurableExecutionName')) throw invalid('A name is no filter beside a qualifier.')
  const [part, statuses] = [query.get('DurableExecutionName') ?? '', query.getAll('Statuses')]
  const all = found
    .list(qualifier)
    .filter(({ DurableExecutionName }) => DurableExecutionName.includes(part))
    .filter(({ Status }) => statuses.length === 0 || statuses.includes(Status))
  const [from, most] = [Number(query.get('Marker') ?? 0), Number(query.get('MaxItems') ?? 100)]
  const marker = all.length > from + most ? { NextMarker: String(from + most) } : {}
  return { body: { DurableExecutions: all.slice(from, from + most), ...marker } }
}

const ROUTES: [name: string, method: string, path: RegExp, operation: Operation][] = [
  ['Invoke', 'POST', /^\/2015-03-31\/functions\/([^/]+)\/invocations$/, invoke],
  ['Checkpoint', 'POST', /^\/2025-12-01\/durable-executions\/([^/]+)\/checkpoint$/, checkpoint],
  ['GetState', 'GET', /^\/2025-12-01\/durable-executions\/([^/]+)\/state$/, getState],
  ['Callback', 'POST', /^\/2025-12-01\/durable-execution-callbacks\/([^/]+)\/succeed$/, ring],
  ['List', 'GET', /^\/2025-12-01\/functions\/([^/]+)\/durable-executions$/, list],
]

const route = async (request: IncomingMessage): Promise<[string, Operation, Asked]> => {
  const { pathname, searchParams: query } = new URL(request.url ?? '', 'http://lambda')
  const body = await text(request)
  for (const [name, method, path, operation] of ROUTES) {
    const found = path.exec(pathname)
    if (found === null || request.method !== method) continue
    return [name, operation, { about: decodeURIComponent(found[1] ?? ''), query, headers: request.headers, body }]
  }
  const nothing: Operation = () => {
    throw new Refused('UnknownOperationException', 404, `${request.method} ${pathname} is not of this stand-in`)
  }
  return ['unknown', nothing, { about: '', query, headers: request.headers, body }]
}
