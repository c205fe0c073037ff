import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** The module whose `tool` lines name what is built: no Go source of ours. */
export const MODULE_DIR = fileURLToPath(new URL('../../test/real', import.meta.url))

export type Program = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'kwok' | 'karpenter'

/** Seconds of a first build on 2 cores, for the progress line. */
const PROGRAMS: Record<Program, { from: string; seconds: number }> = {
  etcd: { from: 'go.etcd.io/etcd/server/v3', seconds: 40 },
  'kube-apiserver': { from: 'k8s.io/kubernetes/cmd/kube-apiserver', seconds: 150 },
  'kube-controller-manager': { from: 'k8s.io/kubernetes/cmd/kube-controller-manager', seconds: 40 },
  'kube-scheduler': { from: 'k8s.io/kubernetes/cmd/kube-scheduler', seconds: 5 },
  kwok: { from: 'sigs.k8s.io/kwok/cmd/kwok', seconds: 11 },
  karpenter: { from: 'sigs.k8s.io/karpenter/kwok', seconds: 20 },
}
export const PROGRAM_NAMES = Object.keys(PROGRAMS) as Program[]

export interface BuildOptions {
  /** Where built programs are kept, outside the repository. */
  cacheDir: string
  /** Programs that are there already (`KUBEBUILDER_ASSETS`): taken in place of ours. */
  assets?: string | undefined
  log?: (line: string) => void
}

/** Paths of all programs, each built once for these versions: the key is the module's own files. Rejects with a message to act on. */
export const buildPrograms = async (options: BuildOptions): Promise<Record<Program, string>> => {
  const dir = join(options.cacheDir, keyOf())
  mkdirSync(dir, { recursive: true })
  const paths = {} as Record<Program, string>
  for (const [index, name] of PROGRAM_NAMES.entries()) {
    const given = options.assets === undefined ? '' : join(options.assets, name)
    paths[name] = given !== '' && existsSync(given) ? given : join(dir, name)
    if (existsSync(paths[name])) continue
    const { seconds } = PROGRAMS[name]
    options.log?.(`building ${name} (${index + 1} of ${PROGRAM_NAMES.length}), once; about ${seconds} s on 2 cores`)
    await build(name, paths[name])
  }
  return paths
}

/**
 * A directory of a module as the Go cache holds it: CRDs and stages are read there, nothing is copied into the repository. `as`: the module
 * whose version it has, where nothing is built of it.
 */
export const moduleDirectory = (module: string, as = module): Promise<string> =>
  moduleAt(module, new RegExp(`^\\t${as} (v\\S+)`, 'm').exec(moduleFile('go.mod'))?.[1] ?? '')

/** The same of a module that is no part of the control plane's: in a version that is said here. */
export const moduleAt = async (module: string, version: string): Promise<string> => {
  const { stdout } = await promisify(execFile)('go', ['mod', 'download', '-json', `${module}@${version}`], {
    cwd: MODULE_DIR,
    env: goEnvironment(),
  }).catch(explain)
  return (JSON.parse(stdout) as { Dir: string }).Dir
}

const moduleFile = (name: string): string => readFileSync(join(MODULE_DIR, name), 'utf8')

const keyOf = (): string =>
  createHash('sha256')
    .update(`${moduleFile('go.mod')}${moduleFile('go.sum')}${process.platform}${process.arch}`)
    .digest('hex')
    .slice(0, 12)

const kubernetes = (): string => /^\tk8s.io\/kubernetes (v\S+)/m.exec(moduleFile('go.mod'))?.[1] ?? ''

/** Without these the API server says that it is of no version. */
const stamp = (): string => {
  const version = kubernetes()
  const [major = '', minor = ''] = version.slice(1).split('.')
  const set = (name: string, value: string): string => `-X k8s.io/component-base/version.${name}=${value}`
  return ['-s -w', set('gitVersion', version), set('gitMajor', major), set('gitMinor', minor)].join(' ')
}

/** Written aside and renamed: a build that is cut off leaves nothing that looks built. */
const build = (name: Program, to: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const aside = `${to}.${process.pid}`
    const args = ['build', '-trimpath', '-ldflags', stamp(), '-o', aside, PROGRAMS[name].from]
    const child = spawn('go', args, { cwd: MODULE_DIR, env: goEnvironment(), stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    child.stderr.on('data', (chunk) => {
      said = `${said}${String(chunk)}`.slice(-4000)
    })
    child.once('error', (error) => reject(readable(error)))
    child.once('exit', (code) => {
      if (code !== 0) return reject(new Error(`go could not build ${name}:\n${said}`))
      renameSync(aside, to)
      resolve()
    })
  })

/** The installed Go builds it, or says that it is too old: nothing fetches another toolchain. */
export const goEnvironment = (): NodeJS.ProcessEnv => ({
  ...globalThis.process.env,
  CGO_ENABLED: '0',
  GOFLAGS: '-buildvcs=false',
  GOTOOLCHAIN: 'local',
})

const explain = (error: unknown): never => {
  throw readable(error)
}

const readable = (error: unknown): Error =>
  (error as NodeJS.ErrnoException).code === 'ENOENT'
    ? new Error(
        'the rig builds a real control plane and needs Go ≥ 1.26.6 (go.dev/dl); everything else works without it',
      )
    : (error as Error)
