import * as z from 'zod/mini'
import { DURATION, isTooLong, LONGEST_DAYS } from '../duration.ts'
import { BY_DIGEST, parseReference } from '../images/reference.ts'

/** What blocks of the policy share: each says what to write in the words of a person. */

/** A text of a pattern, with what to write; `odd` knows more of some that are none. */
export const matching = (pattern: RegExp, say: string, odd: (value: string) => string | null = () => null) =>
  z.string(say).check(z.regex(pattern, { error: ({ input }) => odd(String(input)) ?? say }))

/** What is written as a pattern where the beginning of keys is meant. */
export const isPattern = (value: string): boolean => /[*?]|\$\{/.test(value)
export const NO_PATTERN = 'nothing here expands `*`, `?` or variables, and IAM would'

/** What every object has already: by such a key something else would be found where nothing was written. */
export const ownName = z.refine<string>(
  (value) => !Object.hasOwn(Object.prototype, value),
  'every object of JavaScript has something of that name already: call it otherwise',
)

export const count = z.int().check(z.positive())
/** A number that may be none at all. */
export const countOrNone = z.int().check(z.nonnegative())
export const name = matching(
  /^[a-z0-9]([a-z0-9-]{0,51}[a-z0-9])?$/,
  'use lower-case letters, digits and dashes between them, at most 53',
).check(ownName)
/** Namespaces of the cluster and of what is installed in it, where pods of ours would be among those that keep it running. */
const OTHERS = /^(default|kube-.*|karpenter|kueue-system)$/
export const namespace = name.check(
  z.refine(
    (value) => !OTHERS.test(value),
    'it belongs to this installation alone, and this one is the cluster’s, or of what is installed there: name another one, `training` or `serving`',
  ),
)
export const modelName = matching(
  /^[A-Za-z0-9]([A-Za-z0-9._-]{0,50}[A-Za-z0-9])?$/,
  'the name is also a Kubernetes label value: letters, digits, `.`, `_` and `-`, at most 52',
).check(ownName)
const BY_DIGEST_SAY = 'pin the image by digest: `repository@sha256:<64 hex>`'
/** Why a text is no image that a cluster may be given, where there is more to say than that it is none by digest. */
const oddImage = (value: string): string | null => {
  if (/^[a-z0-9+.-]+:\/\//i.test(value))
    return 'write the image without a scheme before it, and pinned by digest: `registry/repository@sha256:<64 hex>`'
  const found = parseReference(value)
  if (found === null && parseReference(value.toLowerCase()) !== null)
    return 'repositories, and digests, are written in small letters: `registry/repository@sha256:<64 hex>`'
  if (found === null || found.digest !== null) return null
  return found.tag === null
    ? `${BY_DIGEST_SAY}, or write its tag, \`repository:TAG\`, and run \`npx signalbox pin\``
    : 'nobody has looked up which digest that tag has: run `npx signalbox pin`, or pin it yourself: `repository@sha256:<64 hex>`'
}
export const image = matching(BY_DIGEST, BY_DIGEST_SAY, oddImage)
/** What to write in the place of a text that is no image by digest; null: it is one. */
export const whyNoImage = (value: string): string | null =>
  BY_DIGEST.test(value) ? null : (oddImage(value) ?? BY_DIGEST_SAY)
export const approver = matching(
  /^[TE][A-Z0-9]{1,30}\/[UWS][A-Z0-9]{1,30}$/,
  'name a person as `TEAM/USER` ids, e.g. `T0SIGNAL/U0ANA`, or a Slack user group, e.g. `T0SIGNAL/S0GPUOPS`',
)
export const workspace = matching(
  /^(?=.{2,63}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
  'name a workspace of MLflow as it does: lower-case letters, digits and dashes between them, 2 to 63',
)
/** Why MLflow cannot be asked about a text: its filter has either kind of quotes around it, and knows no way to write one inside; null: it can. */
const unaskable = (text: string): string | null => {
  if (text.includes("'") && text.includes('"'))
    return 'MLflow cannot be asked about a text with quotes of both kinds: write it with one kind, or none'
  return text.endsWith('\\') ? 'MLflow cannot be asked about a text that ends with `\\`: write it without' : null
}
/** A text that MLflow can be asked about. */
export const askable = z.refine<string>((text) => unaskable(text) === null, {
  error: ({ input }) => unaskable(String(input)) ?? '',
})
export const queue = matching(
  /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
  'name a LocalQueue of the training namespace: lower-case letters, digits and dashes between them, at most 63',
)
export const bucket = matching(
  /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
  'write the bucket’s name alone, without `s3://`: 3 to 63 lower-case letters, digits, dots and dashes',
).check(
  z.refine(
    (value) => !/\.\.|^\d+(\.\d+){3}$/.test(value),
    'S3 takes no bucket of such a name: no two dots beside each other, and no address: write the bucket’s name',
  ),
)
/** Beginnings that no key of ours has. */
const ODD_KEYS = /(^|\/)\.{1,2}\/|\/\/|[\p{Cc}\p{Cf}\p{Cs}]/u
const NO_KEYS = 'S3 walks along no `.`, `..` or `//`, and keys with characters that are not seen are nobody’s'
export const folder = matching(
  /^(?!.*([*?]|\$\{|\/\/|[\p{Cc}\p{Cf}\p{Cs}]))(?!(.*\/)?\.{1,2}\/)[^/].*\/$/u,
  'end the prefix with `/`, and begin it without one',
  (value) => {
    if (isPattern(value)) return `write the prefix itself, and all below it is meant: ${NO_PATTERN}`
    if (/^[a-z0-9]+:\/\//i.test(value)) return 'write the prefix alone, without `s3://` and the bucket: `chats/`'
    return ODD_KEYS.test(value) ? `write it as keys begin, \`chats/\`: ${NO_KEYS}` : null
  },
)
/** A file beside the policy, or below where that lies. */
export const MANIFEST: RegExp = /^(?!.*(?:^|\/)\.{1,2}\/)[A-Za-z0-9_.-][A-Za-z0-9_./-]{0,199}\.(?:ya?ml|json)$/
export const MANIFEST_SAY =
  'name a file that lies beside the policy, or in a folder there: `train.yaml`, `manifests/train.yaml`'
/** The same once it is read; behind `#` where in its object the Job lies, if it is none itself. */
export const manifest = matching(
  new RegExp(`${MANIFEST.source.slice(0, -1)}(?:#spec(?:\\.[A-Za-z0-9]{1,40}){1,8})?$`),
  MANIFEST_SAY,
)
export const dollars = z.number().check(z.positive('must be more than 0 dollars'))
export const duration = matching(
  /^0*[1-9]\d*(s|m|h|d)$/,
  'write a duration as a whole number and a unit: `90s`, `30m`, `4h`, `2d`',
  (value) => (DURATION.test(value) ? 'write more than 0, `30m` or `4h`: in no time nothing comes' : null),
).check(
  z.refine((value) => !isTooLong(value), `write at most \`${LONGEST_DAYS}d\`: what is longer is a slip of the hand`),
)
export const range = z
  .strictObject({
    /** As a rule: half of the time it is less. */
    p50: z.number().check(z.positive()),
    /** In the bad case, which is what is held and bounded. */
    p95: z.number().check(z.positive()),
  })
  .check(z.refine(({ p50, p95 }) => p50 <= p95, 'p50 must not be above p95'))
const upTo = (most: number, what: string) =>
  range.check(
    z.refine(({ p95 }) => p95 <= most, {
      path: ['p95'],
      message: `write at most ${most} ${what}, which are ${LONGEST_DAYS} days: what is longer is a slip of the hand`,
    }),
  )
export const hours = upTo(LONGEST_DAYS * 24, 'hours')
export const minutes = upTo(LONGEST_DAYS * 24 * 60, 'minutes')
/**
 * At most so many bytes as JSON. A plan says parts of it several times over, a variable with three times its bytes, and lies in one row
 * of the ledger, which DynamoDB keeps up to 400 KB.
 */
export const within = (most: number, say: string) =>
  z.refine((value: unknown) => Buffer.byteLength(jsonOf(value)) <= most, say)
/** What JSON has no word for, its own place has a sentence for. */
export const jsonOf = (value: unknown): string =>
  JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? String(one) : one))
export const mode = z._default(z.enum(['act', 'shadow']), 'act')
