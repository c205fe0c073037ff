/** Engines, as policies name them: the first where none is. */
export const ENGINE_NAMES = ['vllm', 'sglang', 'trtllm'] as const
export type EngineName = (typeof ENGINE_NAMES)[number]

/** What is known of an engine's versions. */
interface Versions {
  /** Its own name. */
  called: string
  /** The repository that its own makers publish, behind whatever registry: of that a tag is its version. */
  repository: RegExp
  /** The first that does what its pods are made for, and what that is. */
  minimum: string
  why: string
  /** Flags that it is told only where its version knows them, each with the first that does. */
  flags: Readonly<Record<string, string>>
}

/** Of each engine, by its name in the policy. */
export const ENGINE_VERSIONS: Readonly<Record<EngineName, Versions>> = {
  vllm: {
    called: 'vLLM',
    repository: /(^|\/)vllm-openai$/,
    minimum: '0.18.0',
    why: 'it knows no `--shutdown-timeout`, and would end at once',
    flags: {},
  },
  sglang: {
    called: 'SGLang',
    repository: /(^|\/)lmsysorg\/sglang$/,
    minimum: '0.4.6',
    why: 'no older one was looked at for the flags that it is told',
    flags: {},
  },
  trtllm: {
    called: 'TensorRT-LLM',
    repository: /(^|\/)tensorrt-llm\/release$/,
    minimum: '1.0.0',
    why: 'its PyTorch backend, which loads weights as they are, was not done yet',
    flags: { served_model_name: '1.3.0' },
  },
}

/** A version in numbers; null: the text is none. A release candidate counts as its release. */
const numbersOf = (version: string): number[] | null => {
  const [, major, minor, patch = '0'] = /^v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?(?![0-9])/.exec(version) ?? []
  return major === undefined ? null : [major, minor, patch].map(Number)
}

/** Whether a version is another one or later; of what is no version nobody knows, and it is. */
const isAtLeast = (version: string, least: string): boolean => {
  const [one, other] = [numbersOf(version), numbersOf(least)]
  if (one === null || other === null) return true
  const at = one.findIndex((part, n) => part !== other[n])
  return at < 0 || (one[at] ?? 0) > (other[at] ?? 0)
}

/** Whether what serves knows a flag, as far as is said which version it is. */
export const knows = (
  { engineVersion }: { engineVersion?: string | undefined },
  { engine, flag }: { engine: EngineName; flag: string },
): boolean => engineVersion === undefined || isAtLeast(engineVersion, ENGINE_VERSIONS[engine].flags[flag] ?? '0.0.0')

/** Why a version of an engine is too old, in a sentence that says what to do; null: it is not, or nobody knows. */
export const whyTooOld = (engine: EngineName, version: string): string | null => {
  const { called, minimum, why } = ENGINE_VERSIONS[engine]
  return isAtLeast(version, minimum)
    ? null
    : `${called} ${version} is too old, ${why}: take an image of ${minimum} or later`
}

/** The version that a tag tells of the engine's own image; null: it is another image, or its tag tells none (`latest`). */
export const versionTold = (
  engine: EngineName,
  { repository, tag }: { repository: string; tag: string },
): string | null => {
  if (!ENGINE_VERSIONS[engine].repository.test(repository)) return null
  const [, version] = /^v?(\d+\.\d+(?:\.\d+)?(?:rc\d+|\.post\d+)?)(?=$|[-.])/.exec(tag) ?? []
  return version ?? null
}

/** What of a tag's version is not as the policy says it, in a sentence that says what to do; null: nothing. */
export const whyOther = (engine: EngineName, told: string, said: string | undefined): string | null => {
  const { called, flags } = ENGINE_VERSIONS[engine]
  const old = whyTooOld(engine, told)
  if (old !== null) return old
  if (said !== undefined && !(isAtLeast(said, told) && isAtLeast(told, said)))
    return `its tag says ${called} ${told}, and \`engineVersion\` is ${said}: write ${told}, or leave it out`
  const unknown = Object.entries(flags).flatMap(([flag, since]) => (isAtLeast(told, since) ? [] : [`\`--${flag}\``]))
  return said !== undefined || unknown.length === 0
    ? null
    : `its tag says ${called} ${told}, which does not know ${unknown.join(', ')}: say \`engineVersion: '${told}'\` of the service, and it is not told`
}
