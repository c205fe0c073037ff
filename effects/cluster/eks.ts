import { Sha256 } from '@aws-crypto/sha256-js'
import { defaultProvider } from '@aws-sdk/credential-provider-node'
import { KubeConfig } from '@kubernetes/client-node'
import { HttpRequest } from '@smithy/protocol-http'
import { SignatureV4 } from '@smithy/signature-v4'
import { Unavailable } from '../../flows/ports.ts'
import { asking } from '../aws/errors.ts'

type Credentials = ConstructorParameters<typeof SignatureV4>[0]['credentials']

export interface EksCluster {
  name: string
  region: string
  /** Asked of EKS when it is not given; the role then needs `eks:DescribeCluster`. */
  endpoint?: string | undefined
  /** Base64, as EKS gives it. */
  certificateAuthority?: string | undefined
  /** Those of the process unless told; asked at each token, since a role's credentials rotate. */
  credentials?: Credentials
}

/**
 * A token that an EKS API server takes: a presigned `GetCallerIdentity` that names the cluster. It is made without any
 * request and is good for 15 minutes from its date (aws-iam-authenticator, `pkg/token/token.go`).
 */
export const eksToken = async (
  { name, region, credentials = defaultProvider() }: EksCluster,
  signingDate: Date = new Date(),
): Promise<string> => {
  const hostname = `sts.${region}.amazonaws.com`
  const signer = new SignatureV4({ service: 'sts', region, credentials, sha256: Sha256 })
  const request = new HttpRequest({
    method: 'GET',
    protocol: 'https:',
    hostname,
    path: '/',
    query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
    headers: { host: hostname, 'x-k8s-aws-id': name },
  })
  const { query = {} } = await signer.presign(request, { expiresIn: 60, signingDate })
  const pairs = Object.entries(query).map(
    ([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(String(value))}`,
  )
  return `k8s-aws-v1.${Buffer.from(`https://${hostname}/?${pairs.join('&')}`).toString('base64url')}`
}

/** The client library's configuration for an EKS cluster: TLS by its own authority, a new token whenever it is asked. */
export const eksConfig = async (cluster: EksCluster): Promise<KubeConfig> => {
  const { endpoint, certificateAuthority } = await addressOf(cluster)
  const config = new KubeConfig()
  const provider = 'signalbox-eks'
  const authenticator: Parameters<KubeConfig['addAuthenticator']>[0] = {
    isAuthProvider: (user) => user.authProvider?.name === provider,
    applyAuthentication: async (_user, options) => {
      options.headers = { ...options.headers, Authorization: `Bearer ${await eksToken(cluster)}` }
    },
  }
  config.addAuthenticator(authenticator)
  config.loadFromOptions({
    clusters: [{ name: cluster.name, server: endpoint, caData: certificateAuthority, skipTLSVerify: false }],
    users: [{ name: provider, authProvider: { name: provider, config: {} } }],
    contexts: [{ name: cluster.name, cluster: cluster.name, user: provider }],
    currentContext: cluster.name,
  })
  return config
}

const addressOf = async ({
  name,
  region,
  endpoint,
  certificateAuthority,
}: EksCluster): Promise<{ endpoint: string; certificateAuthority: string }> => {
  if (endpoint !== undefined && certificateAuthority !== undefined) return { endpoint, certificateAuthority }
  // Only who was not told pays for the client.
  const { DescribeClusterCommand, EKSClient } = await import('@aws-sdk/client-eks')
  const client = new EKSClient({ region })
  const { cluster } = await asking(`looking for EKS cluster ${name}`, () =>
    client.send(new DescribeClusterCommand({ name })),
  ).finally(() => client.destroy())
  if (cluster?.endpoint === undefined || cluster.certificateAuthority?.data === undefined)
    throw new Unavailable(`EKS cluster ${name} has no endpoint yet: it is ${cluster?.status ?? 'unknown'}`)
  return { endpoint: cluster.endpoint, certificateAuthority: cluster.certificateAuthority.data }
}
