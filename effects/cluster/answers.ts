import { type Applied, type Denied, NotAllowed, Refused, Unavailable } from '../../flows/ports.ts'
import type { Answer } from './requests.ts'

/** The body of an answer that is no object: `Status` of `meta/v1`, the part that we read. */
export interface Status {
  message?: string
  reason?: string
  details?: { name?: string; kind?: string; causes?: { reason?: string; message?: string; field?: string }[] }
}

/** What the server says of it, or its status: a proxy in between answers in texts. */
export const messageIn = ({ status, body }: Answer): string => {
  const said = typeof body === 'string' ? body.slice(0, LONGEST).trim() : (body as Status | null)?.message
  return said === undefined || said === '' ? `the API server answers ${status}` : said
}

const LONGEST = 300

/** We asked what no API server takes, or too much of it: another try would be the same, and hiding it as an outage would hide a bug. */
const OURS: ReadonlySet<number> = new Set([400, 405, 406, 413, 414, 415, 422, 431])

/** Why an answer is no success, to be thrown (law 6). */
export const failureOf = (what: string, answer: Answer): Error => {
  const { status } = answer
  const said = `${what}: ${messageIn(answer)}`
  if (status === 401) return new NotAllowed(`${said}: the API server knows nobody by these credentials`)
  if (status === 403) return new NotAllowed(said)
  return OURS.has(status) ? new Error(`${said} (${status})`) : new Unavailable(`${said} (${status})`)
}

/** What the server will not take of a write as it is: 400, 422, and 403 of an admission. Throws what every other answer means. */
export const denied = (what: string, answer: Answer): Denied => {
  if (isRefusal(answer)) return { kind: 'denied', status: answer.status, message: messageIn(answer) }
  throw failureOf(what, answer)
}

/** As `failureOf`, of a write that has no answer for a refusal. */
export const failureOfWrite = (what: string, answer: Answer): Error =>
  isRefusal(answer) ? new Refused(`${what}: ${messageIn(answer)}`) : failureOf(what, answer)

/** Some admission webhooks, Gatekeeper's too, say 403 of an object: another try by whoever has every right would be the same. */
const isRefusal = (answer: Answer): boolean =>
  answer.status === 400 || answer.status === 422 || (answer.status === 403 && ADMISSION.test(messageIn(answer)))

const ADMISSION = /admission webhook "[^"]*" denied the request|ValidatingAdmissionPolicy '[^']*' .*denied request/

/** Whether the namespace is what was not found. */
export const isAbsentNamespace = ({ status, body }: Answer): boolean =>
  status === 404 && (body as Status | null)?.details?.kind === 'namespaces'

/** A namespace is made by people, and may be there tomorrow. The server answers: who asks elsewhere need not wait. */
export const noNamespace = (name: string): NotAllowed =>
  new NotAllowed(`the namespace ${name} is not there: run \`signalbox bootstrap\``)

/** A kind is there once it is installed. */
export const noKind = (kind: string, apiVersion: string): NotAllowed =>
  new NotAllowed(
    `the cluster knows no ${kind} of ${apiVersion}: install what brings it, then run \`signalbox bootstrap\``,
  )

/**
 * A conflict of a server-side apply, or null when this 409 is another one. The server names the manager in the cause's
 * message: `conflict with "kubectl" with subresource "scale" using apps/v1`.
 */
export const applyConflict = (body: unknown): Extract<Applied, { kind: 'conflict' }> | null => {
  const causes = ((body as Status | null)?.details?.causes ?? []).filter(
    ({ reason }) => reason === 'FieldManagerConflict',
  )
  const managerOf = (message = ''): string => /conflict with "([^"]*)"/.exec(message)?.[1] ?? 'another manager'
  const [first] = causes
  if (first === undefined) return null
  const manager = managerOf(first.message)
  const fields = causes.filter(({ message }) => managerOf(message) === manager).map(({ field = '' }) => field)
  return { kind: 'conflict', manager, fields }
}

/** Whether a merge patch met another object of the name: the server takes its uid for a change of a field that never changes. */
export const isOtherUid = (status: number, body: unknown): boolean =>
  status === 422 && ((body as Status | null)?.details?.causes ?? []).some(({ field }) => field === 'metadata.uid')
