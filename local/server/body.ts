import type { Context } from 'hono'
import type { Refusal, RequestRefusal } from '../../core/reasons.ts'
import { parseJson } from '../../events/input.ts'

/** Largest body that is read, in bytes. */
const LIMIT = 1024 * 1024

/** A refusal as every route answers it. */
export interface Problem {
  status: 400 | 401 | 403 | 404 | 413 | 500 | 503
  error: RequestRefusal | Refusal
  detail: string
}

/** Answers it. */
export const refuse = (context: Context, { status, ...said }: Problem): Response => context.json(said, status)

const tooLarge = (limit: number): Problem => ({
  status: 413,
  error: 'too-large',
  detail: `a body has at most ${limit} bytes`,
})

/**
 * The raw bytes of a request; a problem when there are too many. Node reads no more than Content-Length says, so that a body
 * which says its size is read at once; any other is counted while it is read.
 */
export const readBody = async (request: Request, limit = LIMIT): Promise<Uint8Array | Problem> => {
  const length = request.headers.get('content-length')
  if (length === null || !/^\d+$/.test(length)) return counted(request, limit)
  if (Number(length) > limit) return tooLarge(limit)
  const bytes = new Uint8Array(await request.arrayBuffer())
  return bytes.length > limit ? tooLarge(limit) : bytes
}

const counted = async (request: Request, limit: number): Promise<Uint8Array | Problem> => {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request.body ?? []) {
    size += chunk.length
    if (size > limit) return tooLarge(limit)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** The body as JSON, or why it is none. */
export const readJson = async (request: Request): Promise<{ value: unknown } | Problem> => {
  const body = await readBody(request)
  if (!(body instanceof Uint8Array)) return body
  const read = parseJson(body)
  return read.ok ? read : { status: 400, error: 'not-json', detail: `the body ${read.detail}` }
}

export const isProblem = (value: object): value is Problem => 'error' in value && 'status' in value
