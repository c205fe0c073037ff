import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sha256Hex } from '../../../core/digest.ts'

/** Bytes that a registry keeps, with their type and digest. */
export interface Kept {
  bytes: Buffer
  type: string
  digest: string
}

const OCI = 'application/vnd.oci.image'

export const kept = (value: unknown, type: string): Kept => {
  const bytes = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
  return { bytes, type, digest: `sha256:${sha256Hex(bytes)}` }
}

/** One image of one platform: its manifest, and the configuration that the manifest names. */
export const image = (architecture: string, more: object = {}): [Kept, Kept] => {
  const config = kept({ os: 'linux', architecture, ...more }, `${OCI}.config.v1+json`)
  const { digest, type: mediaType, bytes } = config
  const manifest = { schemaVersion: 2, config: { digest, mediaType, size: bytes.length }, layers: [] }
  return [kept(manifest, `${OCI}.manifest.v1+json`), config]
}

/** An index: of each image the platform that is said of it, null for none. */
export const index = (entries: { of: Kept; platform: object | null; annotations?: object }[]): Kept =>
  kept(
    {
      schemaVersion: 2,
      mediaType: `${OCI}.index.v1+json`,
      manifests: entries.map(({ of, platform, annotations }) => ({
        mediaType: of.type,
        digest: of.digest,
        size: of.bytes.length,
        ...(platform === null ? {} : { platform }),
        ...(annotations === undefined ? {} : { annotations }),
      })),
    },
    `${OCI}.index.v1+json`,
  )

/** What is otherwise about a registry; each as one that there is. */
export interface Habits {
  /** Who is let in: anybody with a token that anybody gets; those who log in for one; or those who log in by name and password. */
  asks?: 'nobody' | 'token' | 'login' | 'basic'
  /** Answers HEAD with this. */
  head?: number
  /** First answers to manifests, one after the other. */
  first?: { status: number; headers?: Record<string, string>; body?: unknown }[]
  /** Called in place of the digest of the bytes. */
  calls?: string
  /** Blobs lie elsewhere. */
  blobsAt?: string
  /** Answers nothing at all. */
  hangs?: boolean
  /** Any answer. */
  always?: { status: number; body?: unknown; headers?: Record<string, string> }
}

/** A request that was made. */
export interface Request {
  method: string
  path: string
  authorization: string | null
  body: string
}

export interface Registry {
  /** `127.0.0.1:PORT`. */
  host: string
  habits: Habits
  requests: Request[]
  /** Repositories by name: what a tag or a digest of it is. */
  put(repository: string, tag: string, what: Kept, ...more: Kept[]): void
  close(): Promise<void>
}

export const LOGIN = { name: 'ana', password: 'p:ss wörd' }
const BASIC = `Basic ${Buffer.from(`${LOGIN.name}:${LOGIN.password}`).toString('base64')}`

/** A registry on loopback. */
export const openRegistry = async (habits: Habits = {}): Promise<Registry> => {
  const [requests, stored]: [Request[], Map<string, Kept>] = [[], new Map()]
  const registry = { habits, requests } as Registry
  const server = createServer((incoming, response) => {
    const pieces: Buffer[] = []
    incoming.on('data', (piece: Buffer) => pieces.push(piece))
    incoming.on('end', () => {
      const { authorization = null } = incoming.headers
      const body = Buffer.concat(pieces).toString()
      requests.push({ method: incoming.method ?? '', path: incoming.url ?? '', authorization, body })
      answer({ registry, stored, body }, incoming, response)
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return Object.assign(registry, {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    put: (repository: string, tag: string, what: Kept, ...more: Kept[]) => {
      stored.set(`${repository}/manifests/${tag}`, what)
      for (const one of [what, ...more])
        for (const kind of ['manifests', 'blobs']) stored.set(`${repository}/${kind}/${one.digest}`, one)
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  })
}

interface House {
  registry: Registry
  stored: ReadonlyMap<string, Kept>
  body: string
}

const answer = (
  { registry, stored, body }: House,
  { method, url = '', headers }: IncomingMessage,
  to: ServerResponse,
) => {
  const { habits, host } = registry
  const send = (status: number, said: unknown, more: Record<string, string> = {}): void => {
    to.writeHead(status, { 'content-type': 'application/json', ...more })
    to.end(method === 'HEAD' ? '' : Buffer.isBuffer(said) ? said : JSON.stringify(said))
  }
  if (habits.hangs) return
  if (habits.always) return send(habits.always.status, habits.always.body ?? '', habits.always.headers)
  const { pathname, searchParams } = new URL(url, `http://${host}`)
  if (pathname === '/token') {
    const isKnown = headers.authorization === BASIC || new URLSearchParams(body).get('refresh_token') === 'refresh'
    if (habits.asks === 'login' && !isKnown) return send(401, { details: 'incorrect username or password' })
    const scope = searchParams.get('scope') ?? new URLSearchParams(body).get('scope')
    return send(
      200,
      method === 'POST' ? { access_token: `for ${scope}`.replaceAll(' ', '_') } : { token: `for_${scope}` },
    )
  }
  const path = pathname.replace('/v2/', '')
  const repository = path.replace(/\/(?:manifests|blobs)\/.*$/, '')
  const scope = `repository:${repository}:pull`
  const right = {
    nobody: headers.authorization,
    token: `Bearer for_${scope}`,
    login: `Bearer for_${scope}`,
    basic: BASIC,
  }
  const { asks = 'nobody' } = habits
  if (headers.authorization !== right[asks]) {
    const bearer = `Bearer realm="http://${host}/token",service="registry, of ours",scope="${scope}"`
    const challenge = asks === 'basic' ? 'Basic realm="https://example", charset="UTF-8"' : bearer
    return send(
      401,
      { errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }] },
      { 'www-authenticate': challenge },
    )
  }
  if (method === 'HEAD' && habits.head !== undefined) return send(habits.head, '')
  const first = path.includes('/manifests/') ? habits.first?.shift() : undefined
  if (first !== undefined) return send(first.status, first.body ?? '', first.headers)
  if (path.includes('/blobs/') && habits.blobsAt !== undefined)
    return send(307, '', { location: `${habits.blobsAt}${pathname}` })
  const found = stored.get(path)
  if (found !== undefined)
    return send(200, found.bytes, {
      'content-type': found.type,
      ...(path.includes('/blobs/') ? {} : { 'docker-content-digest': habits.calls ?? found.digest }),
    })
  const isThere = [...stored.keys()].some((key) => key.startsWith(`${repository}/`))
  const error = isThere
    ? { code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' }
    : { code: 'NAME_UNKNOWN', message: 'repository name not known to registry' }
  return send(404, { errors: [error] })
}
