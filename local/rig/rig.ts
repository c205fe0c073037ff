import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { loadKubeconfig } from '../../effects/cluster/kubeconfig.ts'
import { openRequests } from '../../effects/cluster/requests.ts'
import { isAlive } from '../alive.ts'
import { type BuildOptions, buildPrograms, type Program } from './binaries.ts'
import {
  type Command,
  controllers,
  foundation,
  kubeconfigFile,
  PORT_NAMES,
  type RigPorts,
  SCHEDULER_FILE,
  schedulerConfiguration,
} from './commands.ts'
import { furnish, installCrds, kwokConfiguration } from './contents.ts'
import { instanceTypes } from './instance-types.ts'
import { freePorts, isRunning, killProgram, type Started, startProgram, stopPrograms, untilReady } from './processes.ts'

/** A real control plane on loopback, as it is written down in its folder. */
export interface Rig {
  name: string
  /** Everything of it: data, certificates, logs. */
  dir: string
  server: string
  /** Of a user that may do everything. */
  kubeconfig: string
  /** Who wants it: when this process is gone the rig is swept away. Null: it stays until `down`. */
  owner: number | null
  programs: Started[]
}

export interface RigOptions extends BuildOptions {
  name: string
  owner?: number | null
  namespaces?: string[]
  /** Only etcd and the API server: nothing acts on what is created. */
  bare?: boolean
}

/** Boots etcd, API server, controllers, kwok and Karpenter; builds them the first time. Rejects with a message to act on. */
export const rigUp = async (options: RigOptions): Promise<Rig> => {
  const { name, cacheDir, owner = null, namespaces = ['training', 'serving'], log } = options
  await sweep(cacheDir)
  const programs = await buildPrograms(options)
  const dir = join(rigsDir(cacheDir), name)
  if (existsSync(dir)) throw new Error(`a rig named ${name} is there already: end it first, or take another name`)
  const ports = await portsOf()
  const server = `https://127.0.0.1:${ports.apiserver}`
  const rig: Rig = { name, dir, server, kubeconfig: kubeconfigFile(dir, 'admin'), owner, programs: [] }
  mkdirSync(dir, { recursive: true })
  writeDown(rig)
  try {
    layOut(dir, ports)
    writeFileSync(join(dir, 'kwok.yaml'), await kwokConfiguration())
    await start(rig, foundation(dir, ports), programs)
    const requests = await openRequests(loadKubeconfig({ file: rig.kubeconfig }))
    await installCrds(requests)
    await furnish(requests, namespaces)
    await requests.close()
    if (!options.bare) await start(rig, controllers(dir, ports), programs)
    log?.(`rig ${name} is up: ${server}`)
    return rig
  } catch (error) {
    await rigDown(rig)
    throw error
  }
}

/** Kills one of its programs and starts it again `away` milliseconds later, as it was started. Resolves before it is ready. */
export const rigRestart = async (rig: Rig, program: Program, { away = 0 } = {}): Promise<void> => {
  const index = rig.programs.findIndex((started) => started.program === program)
  const started = rig.programs[index]
  if (started === undefined) throw new Error(`the rig has no ${program}`)
  await killProgram(started)
  await pause(away)
  rig.programs[index] = startProgram({ ...started, program }, started.file, rig.dir)
  writeDown(rig)
}

/** Ends a rig and removes everything of it. */
export const rigDown = async (rig: Rig): Promise<void> => {
  await stopPrograms(rig.programs)
  rmSync(rig.dir, { recursive: true, force: true })
}

/** The rigs that are written down, and which of their programs run. */
export const rigs = (cacheDir: string): (Rig & { running: string[] })[] => {
  const dir = rigsDir(cacheDir)
  if (!existsSync(dir)) return []
  return readdirSync(dir).flatMap((name) => {
    const file = join(dir, name, 'rig.json')
    if (!existsSync(file)) return []
    const rig = JSON.parse(readFileSync(file, 'utf8')) as Rig
    return [{ ...rig, running: rig.programs.filter(isRunning).map(({ program }) => program) }]
  })
}

/** Ends the rigs whose owner was killed before it could. */
const sweep = async (cacheDir: string): Promise<void> => {
  for (const rig of rigs(cacheDir)) if (rig.owner !== null && !isAlive(rig.owner)) await rigDown(rig)
}

const rigsDir = (cacheDir: string): string => join(cacheDir, 'rigs')

/** Starts them side by side; each is written down before anybody waits for it, so that a kill leaves nothing unknown. */
const start = async (rig: Rig, commands: Command[], files: Record<Program, string>): Promise<void> => {
  for (const command of commands) {
    rig.programs.push(startProgram(command, files[command.program], rig.dir))
    writeDown(rig)
  }
  const started = rig.programs.slice(-commands.length)
  await Promise.all(commands.map((command, index) => untilReady(command, started[index] as Started, rig.dir)))
}

const writeDown = (rig: Rig): void => {
  const aside = join(rig.dir, 'rig.json.new')
  writeFileSync(aside, JSON.stringify(rig, null, 2))
  renameSync(aside, join(rig.dir, 'rig.json'))
}

const portsOf = async (): Promise<RigPorts> => {
  const free = await freePorts(PORT_NAMES.length)
  return Object.fromEntries(PORT_NAMES.map((name, index) => [name, free[index]])) as unknown as RigPorts
}

/** Keys, tokens, kubeconfigs and instance types, in its folder. */
const layOut = (dir: string, ports: RigPorts): void => {
  mkdirSync(join(dir, 'logs'), { recursive: true })
  mkdirSync(join(dir, 'certs'), { recursive: true })
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  writeFileSync(join(dir, 'sa.key'), privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 })
  const tokens = USERS.map(({ file, row }) => {
    const token = randomBytes(24).toString('hex')
    const config = kubeconfigOf({ dir, token, port: ports.apiserver })
    writeFileSync(kubeconfigFile(dir, file), JSON.stringify(config, null, 2), { mode: 0o600 })
    return `${token},${row}`
  })
  writeFileSync(join(dir, 'tokens.csv'), `${tokens.join('\n')}\n`, { mode: 0o600 })
  writeFileSync(join(dir, 'instance-types.json'), JSON.stringify(instanceTypes()))
  writeFileSync(join(dir, SCHEDULER_FILE), JSON.stringify(schedulerConfiguration(dir)))
}

const USERS = [
  { file: 'admin', row: 'admin,admin,"system:masters"' },
  { file: 'manager', row: 'system:kube-controller-manager,manager' },
  { file: 'scheduler', row: 'system:kube-scheduler,scheduler' },
] as const

/** The server makes its own certificate at its first start; it is good for 127.0.0.1. */
const kubeconfigOf = ({ dir, token, port }: { dir: string; token: string; port: number }): object => ({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'rig',
  clusters: [
    {
      name: 'rig',
      cluster: {
        server: `https://127.0.0.1:${port}`,
        'certificate-authority': join(dir, 'certs/apiserver.crt'),
      },
    },
  ],
  users: [{ name: 'rig', user: { token } }],
  contexts: [{ name: 'rig', context: { cluster: 'rig', user: 'rig' } }],
})
