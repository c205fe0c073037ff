/** The part of API Gateway's HTTP API event (payload 2.0) that doors read. */
export interface HttpEvent {
  version: '2.0'
  rawPath: string
  headers: Record<string, string | undefined>
  body?: string
  isBase64Encoded: boolean
}

export interface HttpAnswer {
  statusCode: number
  headers: Record<string, string>
  body: string
}

/** The request's raw bytes: signatures are checked over these, before anything is decoded. */
export const rawBody = ({ body = '', isBase64Encoded }: HttpEvent): Uint8Array =>
  Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8')

/** Far above what Slack and MLflow send (a card's payload has about 20 KB). Bytes. */
const BODY_LIMIT = 512 * 1024

/**
 * Of alerts, which come by the group: about 5,000 with all that they say. As base64, with its headers, it is what Lambda takes at most (6 MB); API
 * Gateway takes 10. Bytes.
 */
export const ALERTS_LIMIT = 4 * 1024 * 1024

/** Why a body is not even verified, or null. */
export const tooLarge = (body: Uint8Array, limit = BODY_LIMIT): { reason: 'too-large'; detail: string } | null =>
  body.length > limit
    ? { reason: 'too-large', detail: `the body has ${body.length} bytes, and ${limit} are taken` }
    : null

/** Header names in lower case, as HTTP/2 has them. */
export const lowerHeaders = ({ headers }: HttpEvent): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name.toLowerCase(), value]])),
  )

/** A JSON answer. */
export const json = (statusCode: number, body: Record<string, unknown>): HttpAnswer => ({
  statusCode,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

/** What is said when the far side could not be asked in time: MLflow sends again, and people press again. */
export const TRY_AGAIN = json(503, { error: 'unavailable', detail: 'try again' })
