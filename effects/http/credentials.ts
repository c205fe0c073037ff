import { NotAllowed } from '../../flows/ports.ts'

/** Where a credential is kept, and what is to be written there: said where it is malformed, in place of anything of it. */
export interface Kept {
  where: string
  write: string
}

/** One word of visible characters. A quotation mark is no token's: it is of JSON that was put in as it is. */
const TOKEN = /^[\x21\x23-\x7e]+$/
/** What neither a name nor a password holds (RFC 7617). */
const CONTROL = /\p{Cc}/u

/**
 * The header that authenticates by a token. What builds a request repeats in its errors what it cannot send, and errors are written
 * down and shown: whatever cannot be a header is refused here, where it is read, in words that hold nothing of it.
 */
export const byToken = (token: string, kept: Kept): { authorization: string } => {
  if (!TOKEN.test(token)) throw malformed(kept)
  return { authorization: `Bearer ${token}` }
}

/** As `byToken`, by `NAME:PASSWORD`. */
export const byPassword = (pair: string, kept: Kept): { authorization: string } => {
  if (CONTROL.test(pair)) throw malformed(kept)
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
}

const malformed = ({ where, write }: Kept): NotAllowed =>
  new NotAllowed(`${where} cannot be sent as it is: write ${write}, in one line and nothing else`)
