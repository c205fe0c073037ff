import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** What a user logs in to a registry with. */
export type Login =
  | { kind: 'password'; name: string; password: string }
  /** Exchanged for a token of the registry. */
  | { kind: 'identity'; token: string }
  /** Sent as it is. */
  | { kind: 'bearer'; token: string }

/** What is known of a registry: its login, null for none; or why that could not be read, which matters only where one is needed. */
export type KnownLogin = { login: Login | null } | { problem: string }

export type Logins = (registry: string) => Promise<KnownLogin>

/** What Docker calls its Hub in its files, and asks helpers for. */
const HUB = 'https://index.docker.io/v1/'
/** How long a helper may take: some ask a person. Milliseconds. */
const LONGEST = 60_000
/** What helpers say of a registry that they do not know. */
const UNKNOWN = /credentials not found/i
/** The name that helpers give with a token in place of a password. */
const BY_TOKEN = '<token>'

interface DockerConfig {
  auths?: Record<string, Record<string, unknown>>
  credHelpers?: Record<string, string>
  credsStore?: string
}

/** What a program printed, and how it ended; null where there is no such program. */
export type Run = (program: string, input: string) => Promise<{ code: number; out: string } | null>

/** Logins as `docker login` keeps them: in the file, or with a helper. Nothing of a login is ever part of a problem. */
export const dockerLogins =
  ({ file, signal, run = helperRun(signal) }: { file: string; signal?: AbortSignal; run?: Run }): Logins =>
  async (registry) => {
    const config = configIn(file)
    if (config === null) return { login: null }
    if (typeof config === 'string') return { problem: config }
    const helper = ownOf(config.credHelpers, registry) ?? config.credsStore
    if (typeof helper === 'string' && helper !== '') {
      const asked = await askHelper({ helper, registry, file }, run)
      if ('problem' in asked || asked.login !== null) return asked
    }
    return { login: storedLogin(config, registry) }
  }

/** Null: there is none; a text: why it cannot be read. */
const configIn = (file: string): DockerConfig | string | null => {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? null : `${file} cannot be read`
  }
  try {
    const value = JSON.parse(text) as unknown
    return typeof value === 'object' && value !== null
      ? (value as DockerConfig)
      : `${file} is no configuration of Docker`
  } catch {
    // What parses JSON repeats what lies around a slip in it.
    return `${file} is no JSON: mend it, or log in again`
  }
}

/** Registries are keys as a host, or as an address with a path. */
const hostOf = (key: string): string =>
  key
    .replace(/^https?:\/\//, '')
    .replace(/\/.*$/, '')
    .toLowerCase()

const namesOf = (registry: string): ReadonlySet<string> =>
  new Set(registry === 'docker.io' ? ['index.docker.io', 'docker.io', 'registry-1.docker.io'] : [registry])

const ownOf = <T>(all: Record<string, T> | undefined, registry: string): T | undefined => {
  const names = namesOf(registry)
  return Object.entries(all ?? {}).find(([key]) => names.has(hostOf(key)))?.[1]
}

const storedLogin = ({ auths }: DockerConfig, registry: string): Login | null => {
  const { auth, username, password, identitytoken, registrytoken } = ownOf(auths, registry) ?? {}
  if (isText(registrytoken)) return { kind: 'bearer', token: registrytoken }
  if (isText(identitytoken)) return { kind: 'identity', token: identitytoken }
  if (isText(username) && isText(password)) return { kind: 'password', name: username, password }
  const pair = isText(auth) ? Buffer.from(auth, 'base64').toString() : ''
  const colon = pair.indexOf(':')
  // Docker once ended passwords with zeros.
  const secret = pair.slice(colon + 1).replace(/\0+$/, '')
  return colon < 1 || secret === '' ? null : { kind: 'password', name: pair.slice(0, colon), password: secret }
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

const askHelper = async (
  { helper, registry, file }: { helper: string; registry: string; file: string },
  run: Run,
): Promise<KnownLogin> => {
  const program = `docker-credential-${helper}`
  if (!/^[A-Za-z0-9._-]+$/.test(helper)) return { problem: `${file} names a helper that is no name of a program` }
  const server = registry === 'docker.io' ? HUB : registry
  const ran = await run(program, server)
  if (ran === null) return { problem: `${file} names ${program}, which is not on the PATH` }
  if (ran.code !== 0)
    return UNKNOWN.test(ran.out)
      ? { login: null }
      : { problem: `${program} ended with ${ran.code}: \`echo ${server} | ${program} get\` shows why` }
  return loginSaid(ran.out) ?? { problem: `${program} answered no login` }
}

const loginSaid = (text: string): KnownLogin | null => {
  try {
    const { Username: name, Secret: secret } = JSON.parse(text) as Record<string, unknown>
    if (!isText(secret) || typeof name !== 'string') return null
    return {
      login: name === BY_TOKEN ? { kind: 'identity', token: secret } : { kind: 'password', name, password: secret },
    }
  } catch {
    return null
  }
}

/** Runs a helper as Docker does: `get`, with the registry on its input. */
const helperRun =
  (signal: AbortSignal | undefined): Run =>
  (program, input) =>
    new Promise((resolve, reject) => {
      const child = spawn(program, ['get'], { stdio: ['pipe', 'pipe', 'ignore'], timeout: LONGEST, signal })
      let out = ''
      child.stdout.setEncoding('utf8').on('data', (piece: string) => {
        out += piece
      })
      // Who reads no input ends the pipe; its exit code says the rest.
      child.stdin.on('error', () => undefined).end(input)
      child.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT' || error.code === 'EACCES') resolve(null)
        else reject(error)
      })
      child.on('close', (code) => resolve({ code: code ?? 1, out }))
    })
