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

/** What tells a request that Slack signed from every other, and a copy of it from nothing: of its signature, and when that was made. Milliseconds. */
export const signedBy = (
  headers: Record<string, string>,
  { deliveryId }: Extract<Verified, { ok: true }>,
): { unique: string; signedAt: number } => ({
  unique: deliveryId.slice('v0='.length, 20),
  signedAt: 1000 * Number(headers['x-slack-request-timestamp']),
})

/** Grafana signs once, when it sends, and repeats nothing that failed: a clock ahead of ours is its server's alone. */
const GRAFANA_FRESH: Fresh = { back: 300, ahead: 30 }

/**
 * Who sends alerts. Grafana: hex(HMAC-SHA256(secret, timestamp + ":" + raw body)), fresh within 300 s; without a timestamp anybody's copy
 * would fit for ever, so it must have one. Alertmanager, which signs nothing: the secret as a bearer token, or as the password of basic
 * authentication. A copy of that says again what was so then, and an episode counts once.
 */
export const verifyAlert = ({ secret, headers, body, now }: Signed): Verified => {
  const signature = headers['x-grafana-alerting-signature']
  if (signature !== undefined) {
    const timestamp = headers['x-grafana-alerting-timestamp']
    if (timestamp === undefined)
      return bad(
        'X-Grafana-Alerting-Timestamp is needed beside the signature: name it as the timestamp header of the contact point',
      )
    if (!same(signature, createHmac('sha256', secret).update(`${timestamp}:`).update(body).digest('hex')))
      return bad('X-Grafana-Alerting-Signature does not fit the body and the secret')
    return isFresh(timestamp, now, GRAFANA_FRESH)
      ? { ok: true, deliveryId: signature }
      : stale(timestamp, GRAFANA_FRESH)
  }
  const given = passwordIn(headers['authorization'])
  if (given === null)
    return bad('send the secret as a bearer token or as the password of basic authentication, or sign as Grafana does')
  return same(given, secret) ? { ok: true, deliveryId: 'alerts' } : bad('the secret is another one')
}

/** The secret of an `Authorization`; null: it has none. */
const passwordIn = (header = ''): string | null => {
  const [, scheme = '', value = ''] = /^(bearer|basic) +(\S+)$/i.exec(header) ?? []
  if (scheme.toLowerCase() === 'bearer') return value
  if (scheme === '') return null
  const text = Buffer.from(value, 'base64').toString('utf8')
  return text.includes(':') ? text.slice(text.indexOf(':') + 1) : null
}

/** Headers of a delivery as Grafana signs it. */
export const signGrafana = ({
  secret,
  body,
  now,
}: {
  secret: string
  body: Uint8Array
  now: number
}): Record<string, string> => {
  const timestamp = String(Math.floor(now / 1000))
  const signature = createHmac('sha256', secret).update(`${timestamp}:`).update(body).digest('hex')
  return { 'x-grafana-alerting-signature': signature, 'x-grafana-alerting-timestamp': timestamp }
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
