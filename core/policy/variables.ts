import * as z from 'zod/mini'
import { matching, name } from './fields.ts'

/** Name of a variable of a container. */
export const variable = matching(
  /^[A-Za-z_][A-Za-z0-9_]{0,99}$/,
  'name a variable with letters, digits and `_`, at most 100',
)

/** One key of a Kubernetes Secret. */
const secretKey = z.strictObject({
  /** Name of the Secret. */
  secret: name,
  /** Which of its keys. */
  key: matching(
    /^(?!\.{1,2}$)(?!\.\.)[-._a-zA-Z0-9]{1,253}$/,
    'write which of the Secret’s keys, in quotes',
    () => 'no Secret can have such a key: letters, digits, `-`, `_` and `.`, at most 253',
  ),
})

/** Variables from Kubernetes Secrets, by name. */
export const secrets = z.record(variable, secretKey)
