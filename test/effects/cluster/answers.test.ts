import { describe, expect, it } from 'vitest'
import { applyConflict, denied, isOtherUid } from '../../../effects/cluster/answers.ts'
import { Unavailable } from '../../../flows/ports.ts'

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
  it('says what the server says, or its status', () => {
    expect(denied(422, { message: 'spec.x: Invalid' })).toEqual({
      kind: 'denied',
      status: 422,
      message: 'spec.x: Invalid',
    })
    expect(denied(403, null).message).toBe('the API server answered 403')
  })

  it('of credentials is none: it says nothing of what was asked, and nothing ends for good by it', () => {
    expect(() => denied(401, { message: 'Unauthorized' })).toThrow(Unavailable)
  })

  it('of another uid is told from other refusals', () => {
    const causes = [{ reason: 'FieldValueInvalid', field: 'metadata.uid' }]
    expect(isOtherUid(422, { details: { causes } })).toBe(true)
    expect(isOtherUid(422, { details: { causes: [{ field: 'spec.template' }] } })).toBe(false)
    expect(isOtherUid(409, { details: { causes } })).toBe(false)
    expect(isOtherUid(422, null)).toBe(false)
  })
})
