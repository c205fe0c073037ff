import { readFileSync, writeFileSync } from 'node:fs'
import * as z from 'zod/mini'
import { BY_DIGEST, WRITTEN } from '../core/images/reference.ts'
import { document } from '../core/policy.ts'

/** Where each block's docstrings are: its place in the policy, the file and the constants. `*` is any name, `[]` any of a list. */
const BLOCKS: Record<string, { file: string; of: string[] }> = {
  '': { file: 'core/policy.ts', of: ['document'] },
  runner: { file: 'core/policy/runner.ts', of: ['runner'] },
  budget: { file: 'core/policy/budget.ts', of: ['budget'] },
  'budget.ladder': { file: 'core/policy/budget.ts', of: ['rung'] },
  'budget.notices': { file: 'core/policy/notices.ts', of: ['notices'] },
  'budget.lastResort': { file: 'core/policy/last-resort.ts', of: ['lastResort'] },
  keda: { file: 'core/policy/autoscaling.ts', of: ['keda'] },
  'services.*.autoscaling': { file: 'core/policy/autoscaling.ts', of: ['autoscaling'] },
  nodes: { file: 'core/policy/nodes.ts', of: ['nodes'] },
  'pools.*': { file: 'core/policy/pools.ts', of: ['pool'] },
  'pools.*.reservations': { file: 'core/policy/pools.ts', of: ['reservation'] },
  'pools.*.sharing': { file: 'core/policy/sharing.ts', of: ['sharing'] },
  'pools.*.hours': { file: 'core/policy/pool-hours.ts', of: ['hours'] },
  'pools.*.hours.ceilings': { file: 'core/policy/pool-hours.ts', of: ['hoursCeiling'] },
  'pools.*.leases': { file: 'core/policy/pool-hours.ts', of: ['leases'] },
  'pipelines.*': { file: 'core/policy/pipelines.ts', of: ['pipeline'] },
  'pipelines.*.on.dataset': { file: 'core/policy/pipelines.ts', of: ['dataset'] },
  'pipelines.*.on.schedule': { file: 'core/policy/times.ts', of: ['schedule'] },
  'pipelines.*.on.version': { file: 'core/policy/versions.ts', of: ['onVersion'] },
  'pipelines.*.alternatives.*': { file: 'core/policy/alternatives.ts', of: ['alternative'] },
  'pipelines.*.alternatives.*.stages.*': { file: 'core/policy/alternatives.ts', of: ['other'] },
  'pipelines.*.idle': { file: 'core/policy/pipelines.ts', of: ['idle'] },
  'pipelines.*.on.drift': { file: 'core/policy/drift.ts', of: ['onDrift'] },
  'pipelines.*.stages': { file: 'core/policy/stages.ts', of: ['stage'] },
  'pipelines.*.stages.secrets.*': { file: 'core/policy/variables.ts', of: ['secretKey'] },
  'services.*.secrets.*': { file: 'core/policy/variables.ts', of: ['secretKey'] },
  'services.*.gate.probe': { file: 'core/policy/probe.ts', of: ['probe'] },
  'services.*.gate.probe.prompts': { file: 'core/policy/probe.ts', of: ['prompt'] },
  'pipelines.*.stages.runner': { file: 'core/policy/runner.ts', of: ['stageRunner'] },
  'services.*': { file: 'core/policy/services.ts', of: ['service'] },
  'services.*.callers': { file: 'core/policy/callers.ts', of: ['caller'] },
  'services.*.drift': { file: 'core/policy/drift.ts', of: ['drift'] },
  'services.* ': { file: 'core/promotion.ts', of: ['promotionFields'] },
  approvals: { file: 'core/policy/approvals.ts', of: ['approvals'] },
}
/** Small shapes that stand at many places. */
const ANYWHERE: { file: string; of: string[] }[] = [
  { file: 'core/policy/gates.ts', of: ['gate'] },
  { file: 'core/policy/fields.ts', of: ['range'] },
]

/** A JSON schema as zod writes it, as far as it is read here. */
interface Schema {
  type?: string | string[]
  description?: string
  pattern?: string
  enum?: unknown[]
  default?: unknown
  exclusiveMinimum?: number
  properties?: Record<string, Schema>
  additionalProperties?: Schema | boolean
  required?: string[]
  items?: Schema
  anyOf?: Schema[]
  oneOf?: Schema[]
  not?: Schema
}

/** What is below a place: each with what its path is made of. */
const below = (schema: Schema, path: string[]): [string[], Schema][] => [
  ...Object.entries(schema.properties ?? {}).map(([key, at]): [string[], Schema] => [[...path, key], at]),
  ...(typeof schema.additionalProperties === 'object'
    ? [[[...path, '*'], schema.additionalProperties] as [string[], Schema]]
    : []),
  ...(schema.items === undefined
    ? []
    : [[[...path.slice(0, -1), `${path.at(-1)}[]`], schema.items] as [string[], Schema]]),
  // One of several shapes, of which `null` has nothing below.
  ...(schema.anyOf ?? []).flatMap((one) => below(one, path)),
]

const ROOT = new URL('../', import.meta.url)
const read = (file: string): string => readFileSync(new URL(file, ROOT), 'utf8')

/** A key on a line of its own, with the docstring before it. */
const KEY = /(?:\/\*\*([^*]*(?:\*(?!\/)[^*]*)*)\*\/\n)?^( +)(\w+)(?::|,$)/gm

/** Docstrings of the keys of these constants, by their path below the constant: nesting is read from the indentation. */
const docstringsOf = ({ file, of }: { file: string; of: string[] }): Map<string, string> => {
  const found = new Map<string, string>()
  for (const constant of read(file).split(/^(?=(?:export )?const )/m)) {
    if (!of.includes(/^(?:export )?const (\w+)/.exec(constant)?.[1] ?? '')) continue
    let keys: { indent: number; key: string }[] = []
    for (const [, doc, indent = '', key = ''] of constant.matchAll(KEY)) {
      keys = [...keys.filter((one) => one.indent < indent.length), { indent: indent.length, key }]
      if (doc !== undefined) found.set(keys.map((one) => one.key).join('.'), textOf(doc))
    }
  }
  return found
}

const textOf = (doc: string): string => doc.replace(/\s*\n\s*\* ?/g, ' ').trim()

/** What each place of the policy says, as its docstring has it. */
const descriptions = (): ((path: string) => string | undefined) => {
  const all = Object.entries(BLOCKS).flatMap(([at, block]) =>
    [...docstringsOf(block)].map(([key, text]): [string, string] => [[at.trim(), key].filter(Boolean).join('.'), text]),
  )
  const [exact, anywhere] = [new Map(all), new Map(ANYWHERE.flatMap((block) => [...docstringsOf(block)]))]
  return (path) => exact.get(path.replaceAll('[]', '')) ?? anywhere.get(path.split('.').at(-1) ?? '')
}

/** Every key that may be written, with its path. */
const places = (schema: Schema, path: string[] = []): { path: string; at: Schema }[] =>
  below(schema, path).flatMap(([own, at]) => [
    ...(/\*$|\]$/.test(own.at(-1) ?? '') ? [] : [{ path: own.join('.'), at }]),
    ...places(at, own),
  ])

/** What a file of JSON may say besides, and is dropped as it is read. */
const OF_EDITORS: Schema = {
  description: 'Where this schema lies, for editors: in a policy in JSON alone.',
  type: 'string',
}

/** The JSON schema of what a user may write, described. */
export const policySchema = (): Schema => {
  const schema = z.toJSONSchema(document, { io: 'input', unrepresentable: 'any' }) as Schema
  const describe = descriptions()
  for (const { path, at } of places(schema)) {
    const text = describe(path)
    if (text === undefined) throw new Error(`${path} has no docstring`)
    at.description = text
    // What stands for a number that nobody has said is none that anybody may write.
    if (at.default === 0 && at.exclusiveMinimum === 0) delete at.default
    // What a person writes may be a tag: digests take its place before it is a policy.
    if (at.pattern === BY_DIGEST.source) at.pattern = WRITTEN.source
  }
  orManifest(schema)
  return { ...schema, properties: { $schema: OF_EDITORS, ...schema.properties } }
}

/** What a stage must say, a manifest may say in its place: what is read of it takes that place before it is a policy. */
const orManifest = (schema: Schema): void => {
  const { additionalProperties: rule } = schema.properties?.['pipelines'] ?? {}
  const stage = typeof rule === 'object' ? rule.properties?.['stages']?.items : undefined
  if (stage === undefined) throw new Error('there are no stages')
  const said = ['image', 'gpus']
  stage.required = (stage.required ?? []).filter((key) => !said.includes(key))
  stage.oneOf = [{ required: said }, { required: ['manifest'] }]
}

const typeOf = (at: Schema): string => {
  if (at.enum !== undefined) return at.enum.map((one) => `\`${String(one)}\``).join(', ')
  if (at.not !== undefined) return 'nothing'
  if (at.items !== undefined) return `list of ${typeOf(at.items)}`
  if (typeof at.additionalProperties === 'object') return 'by name'
  if (at.anyOf !== undefined) return typeOf(at.anyOf[0] ?? {})
  return [at.type ?? 'anything']
    .flat()
    .filter((one) => one !== 'null')
    .join(' or ')
}

const rowOf = ({ path, at }: { path: string; at: Schema }, required: boolean): string => {
  const left = at.default === undefined ? (required ? 'needed' : '') : `\`${JSON.stringify(at.default)}\``
  return `| \`${path}\` | ${at.description ?? ''} | ${typeOf(at)} | ${left} |`
}

/** The page of the policy: a table a block. */
export const policyPage = (): string => {
  const schema = policySchema()
  const must = new Set(needed(schema))
  const all = places(schema)
  const blockOf = ({ path }: { path: string }): string => path.split('.')[0] ?? ''
  const blocks = Map.groupBy(all, (one) =>
    all.some(({ path }) => path.startsWith(`${blockOf(one)}.`)) ? blockOf(one) : 'general',
  )
  const sections = [...blocks].map(([block, some]) => {
    const rows = some.map((one) => rowOf(one, must.has(one.path)))
    return `## ${block}\n\n| key | what it says | type | if left out |\n|---|---|---|---|\n${rows.join('\n')}\n`
  })
  return `# The policy

\`signalbox.config.ts\` is plain data with \`defineConfig\`. This page is made from the docstrings of \`core/policy/\` by
\`npm run policy-docs\`; \`signalbox schema\` prints the same as a JSON schema, for editors and for who writes JSON (\`--config team.json\`). \`*\` is a
name of yours, \`[]\` any of a list. \`signalbox doctor\` says what does not hold together, and what can never work.

On one machine an edit of the file, or of a file that it imports (\`./pools.ts\`, and what that one imports), is in force at the next look.
What it takes from packages, from the environment, by \`require\` or from files that it opens itself is taken at the start: start the product
again.

An image may be named by a tag, \`ghcr.io/acme/trainer:1.4\`: \`npx signalbox pin\` looks up its digest and keeps it in \`signalbox.lock.json\` beside the policy (of
\`team.config.ts\` in \`team.lock.json\`). Commit both. What is in force has digests alone: a tag that nobody has pinned is a problem of the policy, but for the simulated cluster, which runs no image; and nothing looks it up later.
\`npx signalbox pin --check\` ends with 1 where a tag has moved or is not pinned.

${sections.join('\n')}`
}

/** Keys that must be written wherever what is around them is. */
const needed = (schema: Schema, path: string[] = []): string[] => [
  ...[schema, ...(schema.anyOf ?? [])].flatMap(({ required = [] }) => required.map((key) => [...path, key].join('.'))),
  ...below(schema, path).flatMap(([own, at]) => needed(at, own)),
]

/** What lies in docs/, by its file. */
export const policyFiles = (): Record<string, string> => ({
  'docs/policy.md': policyPage(),
  'docs/policy.schema.json': `${JSON.stringify(policySchema(), null, 2)}\n`,
})

if (import.meta.main)
  for (const [file, text] of Object.entries(policyFiles())) {
    writeFileSync(new URL(file, ROOT), text)
    console.log(file)
  }
