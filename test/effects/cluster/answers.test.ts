import { describe, expect, it } from 'vitest'
import {
  applyConflict,
  denied,
  failureOf,
  failureOfWrite,
  isAbsentNamespace,
  isOtherUid,
} from '../../../effects/cluster/answers.ts'
import { NotAllowed, Refused } from '../../../flows/ports.ts'

/** As kube-apiserver 1.36 answers. */
const cause = (message: string, field: string) => ({ reason: 'FieldManagerConflict', message, field })

describe('a conflict of an apply', () => {
  it('names the first manager and its fields', () => {
    const causes = [
      cause('conflict with "kubectl" with subresource "scale" using apps/v1', '.spec.replicas'),
      cause('conflict with "kubectl" using apps/v1', '.spec.minReadySeconds'),
      cause('conflict with "keda" using apps/v1', '.metadata.labels.app'),
    ]
    expect(applyConflict({ details: { causes } })).toEqual({
      kind: 'conflict',
      manager: 'kubectl',
      fields: ['.spec.replicas', '.spec.minReadySeconds'],
    })
  })

  it.each([[null], [{}], ['text'], [{ details: {} }], [{ details: { causes: [{ reason: 'Other' }] } }]])(
    'is none in %j',
    (body) => expect(applyConflict(body)).toBeNull(),
  )
})

describe('a refusal', () => {
  it.each([400, 422])('%i of a write says what the server says', (status) => {
    const answer = { status, body: { message: 'spec.x: Invalid' } }
    expect(denied('making Job x', answer)).toEqual({ kind: 'denied', status, message: 'spec.x: Invalid' })
    expect(failureOfWrite('deleting Job x', answer)).toEqual(new Refused('deleting Job x: spec.x: Invalid'))
  })

  it('of another uid is told from other refusals', () => {
    const causes = [{ reason: 'FieldValueInvalid', field: 'metadata.uid' }]
    expect(isOtherUid(422, { details: { causes } })).toBe(true)
    expect(isOtherUid(422, { details: { causes: [{ field: 'spec.template' }] } })).toBe(false)
    expect(isOtherUid(409, { details: { causes } })).toBe(false)
    expect(isOtherUid(422, null)).toBe(false)
  })
})

describe('an answer that is no success', () => {
  const kindOf = (status: number): string => failureOf('reading Job x', { status, body: { message: 'why' } }).name

  it('401 and 403 may pass, and say what is missing: nothing ends for good by them', () => {
    const message = 'jobs.batch is forbidden: User "x" cannot create resource "jobs"'
    const forbidden = { status: 403, body: { message } }
    expect(() => denied('making Job x', forbidden)).toThrow(new NotAllowed(`making Job x: ${message}`))
    const unknown = failureOf('making Job x', { status: 401, body: { message: 'Unauthorized' } })
    expect(unknown).toBeInstanceOf(NotAllowed)
    expect(unknown.message).toBe('making Job x: Unauthorized: the API server knows nobody by these credentials')
  })

  it.each([
    `admission webhook "validation.gatekeeper.sh" denied the request: [must-have-owner] no owner`,
    `jobs.batch "x" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no`,
  ])('403 of an admission is about the object: %s', (message) => {
    expect(denied('making Job x', { status: 403, body: { message } })).toEqual({ kind: 'denied', status: 403, message })
  })

  it.each([404, 408, 409, 410, 425])('%i is looked at again', (status) => expect(kindOf(status)).toBe('Unavailable'))

  it.each([400, 405, 406, 413, 414, 415, 422, 431])('%i is our bug where nothing was written', (status) =>
    expect(kindOf(status)).toBe('Error'),
  )

  it('says the server’s words, those of a proxy, or the status', () => {
    expect(failureOf('reading', { status: 409, body: { message: 'why' } }).message).toBe('reading: why (409)')
    expect(failureOf('reading', { status: 404, body: '404 page not found\n' }).message).toContain('404 page not found')
    expect(failureOf('reading', { status: 403, body: null }).message).toBe('reading: the API server answers 403')
  })

  it('a namespace is told from a kind that is not there', () => {
    const body = { message: 'namespaces "training" not found', details: { name: 'training', kind: 'namespaces' } }
    expect(isAbsentNamespace({ status: 404, body })).toBe(true)
    expect(
      isAbsentNamespace({ status: 404, body: { message: 'the server could not find the requested resource' } }),
    ).toBe(false)
    expect(isAbsentNamespace({ status: 404, body: '404 page not found' })).toBe(false)
  })
})
