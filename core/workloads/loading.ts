import { hubOf } from '../policy/sources.ts'
import type { Given } from './engine.ts'

/** Why a program cannot load what lies at an address, be it fetched for it or not, in a sentence that says what to do; null: it may. */
export const whyElsewhere = (program: string, source: string): string | null => {
  if (/^s3:\/\/[^/]+\/[^/]/.test(source) || hubOf(source) !== null) return null
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(source)?.[1] ?? ''
  const why = Object.hasOwn(ELSEWHERE, scheme) ? ELSEWHERE[scheme] : ELSEWHERE['']
  return `${program} cannot load ${source}: ${why}`
}

/** The same of a program that reads folders, and has files in S3 brought there. */
export const whyNotBrought = (program: string, source: string, { runner }: Pick<Given, 'runner'>): string | null =>
  source.startsWith('s3://') && runner === undefined
    ? `${program} loads nothing from S3 itself: say \`runner: { image }\` of the whole config, and \`signalbox-run\` brings the files before it begins; or serve them by vLLM, which streams them`
    : null

/** A commit of Hugging Face as flags say it; of what was named without one none is told, as ever. */
export const commitOf = (source: string, ...flags: string[]): string[] => {
  const commit = hubOf(source)?.commit ?? null
  return commit === null ? [] : flags.map((flag) => `--${flag}=${commit}`)
}

export const MERGED = 'merge it into its base model in a stage, and register what that makes'

const IN_S3 = 'register the version with the address of its files in S3, `s3://…`'
const COPIED = 'copy the files to S3, and register the version with their address there, `s3://…`'
const OF_MLFLOW = `only MLflow's own client fetches from there: ${IN_S3}; a tracking server that keeps artifacts in S3 and hands them out itself has them below its --artifacts-destination`

/** What to do about addresses, by their scheme. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'mlflow-artifacts': OF_MLFLOW,
  runs: OF_MLFLOW,
  models: OF_MLFLOW,
  dbfs: `it is a file system of Databricks: ${COPIED}`,
  file: `it is a path of one machine, and pods have none of its files: ${COPIED}`,
  gs: `pods have no rights at Google Cloud Storage: ${COPIED}`,
  hf: 'it is no repository: write `hf://owner/name`, or with a whole commit `hf://owner/name@COMMIT`, since a branch or a tag is moved',
  s3: 'it names a bucket and nothing in it: register the version with the address of a folder',
  '': `it loads from S3, \`s3://…\`, and from Hugging Face, \`hf://owner/name\` or \`hf://owner/name@COMMIT\`: ${COPIED}`,
}
