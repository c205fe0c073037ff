import { describe, expect, it } from 'vitest'
import { asking } from '../../../effects/aws/errors.ts'
import { NotAllowed, Unavailable } from '../../../flows/ports.ts'

const failing = (name: string, httpStatusCode?: number) =>
  Object.assign(new Error('why'), { name, $metadata: { httpStatusCode } })
const thrown = (error: unknown, needs?: string): Promise<unknown> =>
  asking('asking x', () => Promise.reject(error), needs).catch((caught: unknown) => caught)

describe('what AWS does not answer', () => {
  it.each([
    ['AccessDeniedException', 400],
    ['AccessDenied', 403],
    ['KMSAccessDeniedException', 400],
    ['ExpiredTokenException', 400],
    ['ExpiredToken', 400],
    ['UnrecognizedClientException', 400],
    ['InvalidClientTokenId', 403],
    ['CredentialsProviderError', undefined],
    ['TokenProviderError', undefined],
    ['UnknownError', 401],
    ['403', 403],
  ])('%s (%s) is not allowed now, with its cause', async (name, status) => {
    const error = failing(name, status)
    const caught = await thrown(error)
    expect(caught).toBeInstanceOf(NotAllowed)
    expect(caught).toMatchObject({ message: `asking x: ${name}: why`, cause: error })
    expect(await thrown(error, 's3:GetObject')).toMatchObject({
      message: `asking x: ${name}: why (it needs s3:GetObject)`,
    })
  })

  it.each([
    ['ThrottlingException', 400],
    ['ResourceNotFoundException', 400],
    ['InternalServerError', 500],
    ['TimeoutError', undefined],
    ['SlowDown', 503],
  ])('%s (%s) is unavailable, with its cause', async (name, status) => {
    const error = failing(name, status)
    const caught = await thrown(error, 's3:GetObject')
    expect(caught).toBeInstanceOf(Unavailable)
    expect(caught).not.toBeInstanceOf(NotAllowed)
    expect(caught).toMatchObject({ message: `asking x: ${name}: why`, cause: error })
  })

  it.each([
    failing('ValidationException', 400),
    failing('SerializationException', 400),
    new Unavailable('x'),
    new NotAllowed('x'),
  ])('%s is thrown as it is', async (error) => expect(await thrown(error)).toBe(error))

  it('hands on what is answered', async () => expect(await asking('asking x', async () => 7)).toBe(7))
})
