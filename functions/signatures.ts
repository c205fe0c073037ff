import { createHmac, timingSafeEqual } from 'node:crypto'

/** What was signed, and by when. Header names are in lower case; the body is the bytes as they came. */
export interface Signed {
  secret: string
  headers: Record<string, string>
  body: Uint8Array
  /** Milliseconds since the epoch. */
  now: number
}

export type Verified =
  | { ok: true; deliveryId: string }
  | { ok: false; reason: 'bad-signature' | 'stale-signature'; detail: string }

/** How far from our clock something may have been signed. Seconds. */
interface Fresh {
  back: number
  ahead: number
}

/** Slack's own bound, both ways. */
const SLACK_FRESH: Fresh = { back: 300, ahead: 300 }
/** What is kept of a delivery as its name, whoever signs it. */
const DELIVERY_ID = /^[\x21-\x7e]{1,256}$/
/**
 * MLflow repeats the first try's timestamp on every retry, all of them within minutes; a clock ahead of ours is the server's alone.
 * What comes later may be anybody's copy: the registry itself is asked by resync.
 */
const MLFLOW_FRESH: Fresh = { back: 300, ahead: 30 }

/**
 * MLflow: `v1,` + base64(HMAC-SHA256(secret as UTF-8, id + "." + timestamp + "." + raw body)). It looks like Standard
 * Webhooks and is not (facts: tested against MLflow 3.17.2).
 */
export const verifyMlflow = ({ secret, headers, body, now }: Signed): Verified => {
  const id = headers['x-mlflow-delivery-id']
  const timestamp = headers['x-mlflow-timestamp']
  const signature = headers['x-mlflow-signature']
  if (id === undefined || timestamp === undefined || signature === undefined)
    return bad(
      'the headers X-MLflow-Delivery-Id, X-MLflow-Timestamp and X-MLflow-Signature are needed: give the webhook a secret',
    )
  if (!DELIVERY_ID.test(id)) return bad('X-MLflow-Delivery-Id is 1 to 256 letters, digits and punctuation')
  if (!same(signature, mlflowSignature(secret, `${id}.${timestamp}.`, body)))
    return bad('X-MLflow-Signature does not fit the body and the secret')
  return isFresh(timestamp, now, MLFLOW_FRESH) ? { ok: true, deliveryId: id } : stale(timestamp, MLFLOW_FRESH)
}

/** Slack: `v0=` + hex(HMAC-SHA256(signing secret, "v0:" + timestamp + ":" + raw body)), fresh within 300 s either way. */
export const verifySlack = ({ secret, headers, body, now }: Signed): Verified => {
  const timestamp = headers['x-slack-request-timestamp']
  const signature = headers['x-slack-signature']
  if (timestamp === undefined || signature === undefined)
    return bad('the headers X-Slack-Request-Timestamp and X-Slack-Signature are needed')
  if (!same(signature, slackSignature(secret, timestamp, body)))
    return bad('X-Slack-Signature does not fit the body and the signing secret')
  return isFresh(timestamp, now, SLACK_FRESH) ? { ok: true, deliveryId: signature } : stale(timestamp, SLACK_FRESH)
}

/** Headers of a delivery as MLflow signs it. */
export const signMlflow = ({
  secret,
  body,
  now,
  deliveryId,
}: {
  secret: string
  body: Uint8Array
  now: number
  deliveryId: string
}): Record<string, string> => {
  const timestamp = String(Math.floor(now / 1000))
  return {
    'x-mlflow-delivery-id': deliveryId,
    'x-mlflow-timestamp': timestamp,
    'x-mlflow-signature': mlflowSignature(secret, `${deliveryId}.${timestamp}.`, body),
  }
}

/** Headers of a request as Slack signs it. */
export const signSlack = ({
  secret,
  body,
  now,
}: {
  secret: string
  body: Uint8Array
  now: number
}): Record<string, string> => {
  const timestamp = String(Math.floor(now / 1000))
  return { 'x-slack-request-timestamp': timestamp, 'x-slack-signature': slackSignature(secret, timestamp, body) }
}

const mlflowSignature = (secret: string, head: string, body: Uint8Array): string =>
  `v1,${createHmac('sha256', secret).update(head).update(body).digest('base64')}`

const slackSignature = (secret: string, timestamp: string, body: Uint8Array): string =>
  `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest('hex')}`

const same = (given: string, right: string): boolean => {
  const [a, b] = [Buffer.from(given), Buffer.from(right)]
  return a.length === b.length && timingSafeEqual(a, b)
}

const isFresh = (timestamp: string, now: number, { back, ahead }: Fresh): boolean => {
  const age = now / 1000 - Number(timestamp)
  return /^\d{1,12}$/.test(timestamp) && age <= back && age >= -ahead
}

const bad = (detail: string): Verified => ({ ok: false, reason: 'bad-signature', detail })

const stale = (timestamp: string, { back, ahead }: Fresh): Verified => ({
  ok: false,
  reason: 'stale-signature',
  detail: `it was signed at ${timestamp}, more than ${back} s ago or ${ahead} s ahead: check the clocks`,
})
