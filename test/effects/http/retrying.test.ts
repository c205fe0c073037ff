import { describe, expect, it } from 'vitest'
import { retrying, type Tried } from '../../../effects/http/retrying.ts'
import { NotAllowed, Unavailable } from '../../../flows/ports.ts'

/** Tries that come to these in turn, an error being thrown. */
const trying = async (...outcomes: (Partial<Tried> | Error)[]) => {
  const pauses: number[] = []
  let tries = 0
  const once = async (): Promise<Tried> => {
    const outcome = outcomes[tries++] ?? {}
    if (outcome instanceof Error) throw outcome
    return { status: 200, body: {}, retryAfter: 0, ...outcome }
  }
  const pause = async (milliseconds: number) => void pauses.push(milliseconds)
  const came = await retrying('asking x', once, { tries: 3, random: () => 0.5, pause }).catch((error: unknown) => error)
  return { came, tries, pauses }
}

describe('a request that is tried again', () => {
  it('a credential that may not be read is told at once, as what it is', async () => {
    const denied = new NotAllowed('the secret s: AccessDeniedException')
    expect(await trying(denied)).toEqual({ came: denied, tries: 1, pauses: [] })
  })

  it('one that could not be built is a bug, told at once, and nothing that it was built of is repeated', async () => {
    for (const error of [
      new TypeError('Headers.append: "Bearer hunter2" is an invalid header value.'),
      new SyntaxError('Unexpected token, "hunter2" is not valid JSON'),
      new TypeError('Failed to parse URL', { cause: new TypeError('Invalid URL: hunter2') }),
    ]) {
      const { came, tries } = await trying(error)
      expect(came).not.toBeInstanceOf(Unavailable)
      expect(String(came)).toBe(`Error: asking x: the request could not be built (${error.name})`)
      expect(tries).toBe(1)
    }
  })

  it('one whose connection fails says why, and is tried again', async () => {
    const failed = new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') })
    expect(await trying(failed, failed, failed)).toMatchObject({
      came: { name: 'Unavailable', message: 'asking x: connect ECONNREFUSED' },
      tries: 3,
    })
  })

  it('one that does not answer now is tried again', async () => {
    expect(await trying(new Unavailable('the secret s: slow'))).toMatchObject({ came: { status: 200 }, tries: 2 })
  })

  it('says in the end what the server said, cut, and how long it asks to be left alone', async () => {
    const away = { status: 503, body: { message: 'x'.repeat(500) }, retryAfter: 60 }
    const { came, tries } = await trying(away)
    expect(came).toBeInstanceOf(Unavailable)
    expect(came).toMatchObject({ message: `asking x: it answers 503: ${'x'.repeat(300)}`, retryAfter: 60 })
    expect(tries).toBe(1)
  })

  it('waits as long as it is told to before the next try, and at most 8 s', async () => {
    const { came, pauses } = await trying({ status: 429, retryAfter: 8 }, { status: 500 })
    expect(came).toMatchObject({ status: 200 })
    expect(pauses).toEqual([8000, 200])
  })
})
