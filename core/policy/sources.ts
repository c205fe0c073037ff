import * as z from 'zod/mini'
import type { ServeDesired } from '../desired.ts'
import { said } from '../text.ts'
import { isPattern, matching, NO_PATTERN } from './fields.ts'

/** Longest address that a sentence repeats whole. Characters. */
const SHOWN = 300

/** `s3://bucket/` or a folder of it; a namespace of Hugging Face, or one repository of it. */
const S3_FOLDER = /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\/([A-Za-z0-9!_.'()=+@,:-]+\/)*$/
const HUB_FOLDER = /^hf:\/\/[A-Za-z0-9][A-Za-z0-9._-]{0,95}\/([A-Za-z0-9][A-Za-z0-9._-]{0,95})?$/

const source = matching(
  new RegExp(`${S3_FOLDER.source}|${HUB_FOLDER.source}`),
  'write a folder of S3 that ends with `/`, `s3://acme-models/` or `s3://acme-models/llama/`; or of Hugging Face a namespace, `hf://meta-llama/`, or one repository, `hf://meta-llama/Llama-3.1-8B`',
  (value) => (isPattern(value) ? `write the folder itself, and all below it is meant: ${NO_PATTERN}` : null),
).check(z.refine((value) => !hasDots(value), 'write the folder itself, without `.` or `..`'))

/** Where weights may come from besides this installation’s own results. */
export const sources = z.array(source).check(z.maxLength(100))

/** Characters of all policies of a role that IAM takes, without spaces, and of what a server’s says besides the sources. */
const [ROLE, BESIDES] = [10_240, 700]

/** Why the role of what serves could not name these folders; null: it can. */
export const whyTooMany = ({ sources: all = [], results }: Sources): string | null => {
  const folders = all
    .flatMap((one) => /^s3:\/\/(.*)$/.exec(one)?.[1] ?? [])
    .filter((one) => !one.startsWith(`${results.bucket}/`))
  const buckets = new Set(folders.map((one) => one.split('/')[0] ?? ''))
  // Each in quotes, after the longest beginning that an ARN of S3 has.
  const long = [...buckets, ...folders].reduce(
    (sum, one) => sum + one.length + '"arn:aws-us-gov:s3:::*",'.length,
    BESIDES,
  )
  return long <= ROLE
    ? null
    : `the role of what serves would need about ${long} characters to name them, and IAM takes ${ROLE}: name fewer folders, each above several of these`
}

/** What of the policy says where weights may come from. */
export interface Sources {
  sources?: readonly string[] | undefined
  results: { bucket: string; prefix: string }
}

/** A repository of Hugging Face, with its scheme or as its own tools write it, and perhaps a commit of it: a branch or a tag is moved. */
const HUB = /^(?:hf:\/\/)?([A-Za-z0-9][A-Za-z0-9._-]{0,95}\/[A-Za-z0-9][A-Za-z0-9._-]{0,95})(?:@([0-9a-f]{40}))?$/

/** A repository as programs are told of it, `owner/repository`, and its commit; null where the address is none. */
export const hubOf = (address: string): { id: string; commit: string | null } | null => {
  const [, id, commit = null] = HUB.exec(address) ?? []
  return id === undefined ? null : { id, commit }
}

/** An address as policies write it. */
const addressOf = (address: string): string =>
  hubOf(address) === null || address.startsWith('hf://') ? address : `hf://${address}`

/**
 * Why this is no address of weights, in a sentence that says what to do; null: it is one. It stands in arguments of a program and
 * on cards: what reads as another one there, to a program or to a person, is none.
 */
export const whyNoAddress = (address: string): string | null => {
  const odd = oddity(address)
  return odd === null
    ? null
    : `the source of the weights, ${shown(address)}, ${odd}: register the version again with a plain address`
}

/** Why weights may not come from a plain address, in a sentence that says what to do; null: they may. */
export const whyNotAllowed = (address: string, policy: Sources): string | null => {
  const [at, own] = [addressOf(address), `s3://${policy.results.bucket}/${policy.results.prefix}`]
  const folders = [own, ...(policy.sources ?? [])]
  if (at === own) return `weights may not come from ${shown(address)}, where all results lie: name the folder of one`
  if (folders.some((folder) => isBelow(at, folder))) return null
  return `weights may not come from ${shown(address)}: it is below none of ${said(folders.join(', '), SHOWN)}. Copy them there, or let the policy allow it: add \`${folderOf(at)}\` to sources`
}

/**
 * Who may put other weights at a plain address, in a sentence for who approves; null: nobody, unseen. What pipelines made is compared
 * with its pin by resync, where its registration has one, and a commit of Hugging Face stays what it is.
 */
export const whoMayChange = (
  { source, unpinned }: Pick<ServeDesired, 'source' | 'unpinned'>,
  { results }: Pick<Sources, 'results'>,
): string | null => {
  const at = addressOf(source)
  const hub = hubOf(at)
  const unproven = unpinned === 'unknown' ? ', and not registered by a pipeline, whose gates may have failed it' : ''
  const open = `not pinned${unproven}: whoever may write to ${shown(at)} decides what each pod loads when it starts`
  if (hub === null)
    return unpinned === undefined && at.startsWith(`s3://${results.bucket}/${results.prefix}`) ? null : open
  return hub.commit === null ? `${open}; register the version as \`hf://${hub.id}@COMMIT\`, and it stays` : null
}

/**
 * Why somebody must be asked about weights before they are brought up, whatever that costs, in a sentence that tells who may change
 * them, or that no gate is known to have judged them; null: what they are was compared with the pin that a pipeline of ours registered
 * after its gates. `used`: what becomes of them.
 */
export const whyAsked = (
  desired: Pick<ServeDesired, 'source' | 'unpinned' | 'ours'>,
  policy: Pick<Sources, 'results'>,
  used = 'is served',
): string | null => {
  if (desired.ours === true) return null
  const open = whoMayChange(desired, policy)
  return (
    open ??
    `not proven to be what a pipeline registered here: whoever may write to the registry says that ${shown(addressOf(desired.source))} ${used}`
  )
}

/** As a sentence repeats it. */
const shown = (address: string): string => said(JSON.stringify(address), SHOWN)

/** A folder that was named, or what lies below it; a whole bucket or namespace is no weights; of one repository, the repository. */
const isBelow = (address: string, folder: string): boolean => {
  if (!folder.endsWith('/')) return address === folder || address.startsWith(`${folder}@`)
  const isWhole = /^[a-z0-9]+:\/\/[^/]+\/$/.test(folder)
  return address.startsWith(folder) ? address.length > folder.length || !isWhole : !isWhole && `${address}/` === folder
}

/** What makes an address be read as something else; null: it is plain. */
const oddity = (address: string): string | null => {
  if (address === '') return 'is empty'
  if (address.startsWith('-')) return 'begins with `-`, which a program takes for an option'
  if (/[\p{Cc}\p{Cf}\p{Cs}\s]/u.test(address)) return 'has spaces, or characters that are not seen'
  if (/[?#]/.test(address)) return 'has a `?` or `#`'
  if (/^[a-z0-9+.-]+:\/\/[^/]*[@:]/i.test(address)) return 'has a name, a password or a port in it'
  if (hasDots(address)) return 'leads elsewhere by `.`, `..` or an empty folder'
  if (!/^[A-Za-z0-9!_.'()=+@,:/-]+$/.test(address))
    return "has other characters than letters, digits and ! _ . ' ( ) = + @ , : / -"
  return null
}

/** Programs and proxies walk along dots, and fold empty folders; S3 does neither. */
const hasDots = (address: string): boolean => {
  const [, path = address] = /^[a-z0-9+.-]+:\/\/(.*)$/i.exec(address) ?? []
  const parts = path.split('/')
  return parts.some((part, index) => part === '.' || part === '..' || (part === '' && index < parts.length - 1))
}

/** The narrowest folder that would let an address in, as the policy would write it. */
const folderOf = (address: string): string => {
  const isHub = address.startsWith('hf://')
  return said(isHub ? address.replace(/@.*$/, '') : address.replace(/[^/]+$/, ''), SHOWN)
}
