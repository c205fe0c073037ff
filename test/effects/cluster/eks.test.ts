import { expect, it } from 'vitest'
import { eksConfig, eksToken } from '../../../effects/cluster/eks.ts'

const cluster = {
  name: 'ml-prod',
  region: 'eu-central-1',
  endpoint: 'https://abc.gr7.eu-central-1.eks.amazonaws.com',
  certificateAuthority: 'Y2E=',
  credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret', sessionToken: 'session/+token' },
}

it('a token is a presigned GetCallerIdentity that names the cluster', async () => {
  const token = await eksToken(cluster, new Date(Date.UTC(2026, 10, 24, 12)))
  expect(token).toMatch(/^k8s-aws-v1\.[A-Za-z0-9_-]+$/)
  const url = new URL(Buffer.from(token.slice('k8s-aws-v1.'.length), 'base64url').toString())
  expect([url.protocol, url.host, url.pathname]).toEqual(['https:', 'sts.eu-central-1.amazonaws.com', '/'])
  expect(Object.fromEntries(url.searchParams)).toMatchObject({
    Action: 'GetCallerIdentity',
    Version: '2011-06-15',
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': 'AKIDEXAMPLE/20261124/eu-central-1/sts/aws4_request',
    'X-Amz-Date': '20261124T120000Z',
    'X-Amz-Expires': '60',
    'X-Amz-SignedHeaders': 'host;x-k8s-aws-id',
    'X-Amz-Security-Token': 'session/+token',
  })
  expect(token.length).toBeLessThan(4096)
})

it('the configuration checks the server by the cluster’s own authority and makes a token when asked', async () => {
  const config = await eksConfig(cluster)
  expect(config.getCurrentCluster()).toMatchObject({ server: cluster.endpoint, skipTLSVerify: false })
  const options: { headers?: Record<string, string>; ca?: unknown } = {}
  await config.applyToHTTPSOptions(options as never)
  expect(options.headers?.['Authorization']).toMatch(/^Bearer k8s-aws-v1\./)
  expect(String(options.ca)).toBe('ca')
})
