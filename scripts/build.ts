import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, build } from 'esbuild'
import { documentOf, parsePolicy } from '../core/policy.ts'
import { readConfig } from '../local/policies/file-policies.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const DOORS = join(ROOT, 'functions/aws-binding/doors')

/** How any bundle is made; `bench/imports.ts` makes what it compares with in the same way. */
export const BUNDLING = {
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  mainFields: ['module', 'main'],
  legalComments: 'none',
} as const satisfies BuildOptions

/** A door's: credentials are where Lambda puts them. */
export const IN_LAMBDA = {
  ...BUNDLING,
  alias: { '@aws-sdk/credential-provider-node': join(ROOT, 'effects/aws/credentials.ts') },
} as const satisfies BuildOptions

/** What a bundle is made of, for budgets and for who wants to know why it is large. */
export interface Built {
  door: string
  bytes: number
  /** Packages and rooms in it, by bytes. */
  inputs: Record<string, number>
}

/**
 * Bundles each door into `<out>/<door>/index.cjs` for Lambda (CommonJS is imported faster: facts of the measurements are in
 * docs/decisions/0013), and the policy into `<out>/policy/policy.json`. The same sources give the same bytes.
 */
export const buildAll = async ({ out, config }: { out: string; config: string }): Promise<Built[]> => {
  const policy = parsePolicy(await readConfig(config))
  rmSync(out, { recursive: true, force: true })
  const doors = readdirSync(DOORS).map((file) => basename(file, '.ts'))
  const built = await bundle(doors, out)
  mkdirSync(join(out, 'policy'), { recursive: true })
  writeFileSync(join(out, 'policy', 'policy.json'), `${JSON.stringify(documentOf(policy))}\n`)
  return built
}

/** All doors in one go, so that what they share is read once: the same bytes as one by one, in a third of the time. */
const bundle = async (doors: readonly string[], out: string): Promise<Built[]> => {
  const { metafile } = await build({
    entryPoints: doors.map((door) => join(DOORS, `${door}.ts`)),
    outdir: out,
    entryNames: '[name]/index',
    outExtension: { '.js': '.cjs' },
    absWorkingDir: ROOT,
    ...IN_LAMBDA,
    metafile: true,
    logLevel: 'error',
  })
  return Object.entries(metafile.outputs).map(([file, { bytes, inputs }]) => ({
    door: basename(dirname(file)),
    bytes,
    inputs: byPackage(inputs),
  }))
}

const byPackage = (inputs: Record<string, { bytesInOutput: number }>): Record<string, number> => {
  const bytes: Record<string, number> = {}
  for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
    const name =
      /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file.slice(file.lastIndexOf('node_modules/')))?.[1] ??
      file.split('/')[0] ??
      file
    bytes[name] = (bytes[name] ?? 0) + bytesInOutput
  }
  return bytes
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const built = await buildAll({
    out: join(ROOT, 'dist'),
    config: process.argv[2] ?? join(ROOT, 'signalbox.config.ts'),
  })
  for (const { door, bytes } of built) console.log(`dist/${door}/index.cjs  ${Math.round(bytes / 1024)} KB`)
  console.log('dist/policy/policy.json')
}
