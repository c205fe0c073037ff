import { type Applied, type Denied, Unavailable } from '../../flows/ports.ts'

/** The body of an answer that is no object: `Status` of `meta/v1`, the part that we read. */
export interface Status {
  message?: string
  reason?: string
  details?: { causes?: { reason?: string; message?: string; field?: string }[] }
}

/** What the server will not take as it is. Throws `Unavailable` when it does not know who asks: that says nothing of what was asked. */
export const denied = (status: number, body: unknown): Denied => {
  const message = (body as Status | null)?.message ?? `the API server answered ${status}`
  if (status === 401) throw new Unavailable(`the API server knows nobody by these credentials: ${message}`)
  return { kind: 'denied', status, message }
}

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
