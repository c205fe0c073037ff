import { Sha256 } from '@aws-crypto/sha256-js'
import { defaultProvider } from '@aws-sdk/credential-provider-node'
import { HttpRequest } from '@smithy/protocol-http'
import { SignatureV4 } from '@smithy/signature-v4'
import { workspaceAt } from '../../core/managed-prometheus.ts'
import { Unavailable } from '../../flows/ports.ts'
import { byPassword, byToken } from '../http/credentials.ts'

/** What authenticates a request, asked for each time: credentials rotate. */
export type Signing = (request: { url: URL; query: Record<string, string> }) => Promise<Record<string, string>>

type Credentials = ConstructorParameters<typeof SignatureV4>[0]['credentials']

const KEPT = {
  where: 'the token of Prometheus',
  write: 'a token, `basic NAME:PASSWORD`, or the word none (docs/deploy.md, step 6)',
}

/** By a token, or by name and password, `basic NAME:PASSWORD`; `none` is for a server that asks for none. */
export const byGiven =
  (token: () => Promise<string>): Signing =>
  async () => {
    const said = await token()
    const [, pair] = /^basic (.+:.*)$/s.exec(said) ?? []
    if (pair !== undefined) return byPassword(pair, KEPT)
    return said === 'none' ? {} : byToken(said, KEPT)
  }

/** As Amazon's own service takes it: by AWS' signature, version 4, for the service `aps`. `credentials`: those of the process unless told. */
export const byAws =
  (region: string, credentials: Credentials = defaultProvider(), now: () => Date = () => new Date()): Signing =>
  async ({ url, query }) => {
    const signer = new SignatureV4({ service: 'aps', region, credentials, sha256: Sha256 })
    const request = new HttpRequest({
      method: 'GET',
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query,
      headers: { host: url.host },
    })
    const signed = await signer.sign(request, { signingDate: now() }).catch((error: unknown) => {
      throw new Unavailable(`no credentials to ask Amazon Managed Service for Prometheus with: ${nameOf(error)}`)
    })
    const { host: _, ...headers } = signed.headers
    return headers
  }

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'unknown')

/** As who answers at this address takes it. */
export const signingFor = (url: string, token: () => Promise<string>): Signing => {
  const workspace = workspaceAt(url)
  return workspace === null ? byGiven(token) : byAws(workspace.region)
}
