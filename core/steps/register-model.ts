import { hmacHex, sha256Hex } from '../digest.ts'
import { label } from '../names.ts'
import type { RegisterModelStep } from '../plan.ts'
import type { ResultRow } from '../rows.ts'

/** The tag by which a repeated registration finds the version that it made. */
export const MADE_BY = label('plan')

/** The tag that says what the artifact was when it was measured: a version id, or a digest over what the store says of it. */
export const PIN = label('pin')

/** The tag that says who asked. It tells people, and is no part of what is registered: who asked may be proven only later. */
export const REQUESTED_BY = label('requested-by')

/** The tag that says what kind of weights a version is, and what it says of an adapter; of whole weights there is none. */
export const WEIGHTS = label('weights')
export const ADAPTER = 'adapter'

/** The tag that says which weights an adapter was trained on. */
export const BASE = label('base')

/** The tag that only a ledger's own registration has: whoever may write to the registry can copy every other one. */
export const PROOF = label('proof')

/** Of a registration's tags those that say what it is, whoever asked for it. Earlier releases put no proof on what they registered. */
export const tagsOfWhatItIs = (tags: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(tags).filter(([key]) => key !== REQUESTED_BY && key !== PROOF))

/** What a version must be for its proof to count: what lay there, for which model. */
interface Proven {
  model: string
  source: string
  tags: Readonly<Record<string, string>>
}

/** What only the ledger with this secret can say of a version; null where it has none, or nothing says what its artifact was. */
const proofOf = (secret: string, { model, source, tags }: Proven): string | null => {
  const { [MADE_BY]: made, [PIN]: pin, [WEIGHTS]: weights, [BASE]: base = '' } = tags
  // An adapter is what it is on its base alone: on another one it is not what was judged.
  const trained = weights === ADAPTER ? [weights, base] : []
  return secret === '' || made === undefined || pin === undefined
    ? null
    : hmacHex(secret, JSON.stringify(['version', model, source, made, pin, ...trained])).slice(0, 32)
}

/** Whether a pipeline of this ledger has registered a version as it is: which it does after its gates alone. */
export const isProven = (version: Proven, secret: string): boolean => {
  const proof = proofOf(secret, version)
  return proof !== null && version.tags[PROOF] === proof
}

/** What is registered. */
export interface Registration {
  model: string
  source: string
  runId: null
  tags: Record<string, string>
  /** In which workspace, null: in none. Left out: in that which the policy names now. */
  workspace?: string | null
}

/** Which artifact of a step is registered. */
export const artifactOf = ({ tags }: Pick<RegisterModelStep, 'tags'>): 'model' | 'adapter' =>
  tags[WEIGHTS] === ADAPTER ? 'adapter' : 'model'

/**
 * What is registered from a finished step; null when its result does not name that artifact. Its tags name
 * the lane and the artifact alone: whichever attempt or generation registers it finds what another has registered (law 7). `secret`: the
 * ledger's, of which they carry a proof.
 */
export const registration = (
  step: RegisterModelStep,
  { name, result, secret }: { name: string; result: Pick<ResultRow, 'values' | 'pins'> | null; secret: string },
): Registration | null => {
  const artifact = artifactOf(step)
  const source = result?.values[artifact]
  if (typeof source !== 'string') return null
  const made = `${name}-${sha256Hex(source).slice(0, 8)}`
  const pin = result?.pins?.[artifact]
  const says = { ...step.tags, [MADE_BY]: made, ...(pin === undefined ? {} : { [PIN]: pin }) }
  const proof = proofOf(secret, { model: step.model, source, tags: says })
  const tags = { ...says, ...(proof === null ? {} : { [PROOF]: proof }) }
  const where = step.workspace === undefined ? {} : { workspace: step.workspace }
  return { model: step.model, source, runId: null, tags, ...where }
}

/** The tag to search by, and its value. */
export const foundTag = ({ tags }: Registration): [key: string, value: string] => [MADE_BY, tags[MADE_BY] ?? '']

/** A version that is there under our tag. */
interface Found {
  source: string
  runId: string | null
  status: string
  tags: Readonly<Record<string, string>>
}

/**
 * In what a version differs from what would be registered (law 16), for a person; null: it is that, whoever asked for it. Other tags
 * than ours are other people's.
 */
export const differenceOf = (found: Found, { source, runId, tags }: Registration): string | null => {
  if (found.source !== source) return `another source, ${found.source}`
  if (found.runId !== runId) return `a run, ${found.runId}`
  if (found.status === 'FAILED_REGISTRATION') return `the status ${found.status}`
  const other = Object.entries(tagsOfWhatItIs(tags)).find(([key, value]) => found.tags[key] !== value)
  if (other === undefined) return null
  const [key, value] = other
  const says = found.tags[key]
  return says === undefined ? `no tag ${key}, which would be ${value}` : `the tag ${key}: ${says} in place of ${value}`
}
