import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { cli } from '../running.ts'

const LANE = 'train/support-chats'
const IN = ['--aws', 'eu-central-1']

/** Everything that the SDK would find credentials or a region by is taken away. */
beforeEach(() => {
  for (const name of ['AWS_PROFILE', 'AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'])
    vi.stubEnv(name, undefined)
  for (const name of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']) vi.stubEnv(name, '/nonexistent')
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
})
afterEach(() => vi.unstubAllEnvs())

/** Calls under credentials that AWS answers with this error. */
const answeredWith = async (name: string, ...argv: string[]) => {
  const server = createServer((_, response) =>
    response
      .writeHead(400, { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-errortype': name })
      .end(JSON.stringify({ __type: `com.amazonaws#${name}`, message: 'said by AWS' })),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${port}`)
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'a')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'b')
  try {
    return await cli(...argv, ...IN)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

const EACH: [string, ...string[]][] = [
  ['plans'],
  ['trace', LANE],
  ['retry', LANE],
  ['cancel', LANE],
  ['freeze', '--until', '4h'],
  ['thaw'],
]

describe.each(EACH)('%s --aws', (...argv) => {
  it('is in its help', async () => {
    const { out } = await cli(argv[0], '--help')
    for (const option of ['--aws <region>', '--config <file>']) expect(out).toContain(option)
  })

  it('without credentials says how to log in, and ends with 1', async () => {
    const { code, err, out } = await cli(...argv, ...IN)
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(/^signalbox: AWS does not know who you are \(.*CredentialsProviderError.*aws sso login/)
  })

  it('with rights that do not reach says where they are listed', async () => {
    const { code, err } = await answeredWith('AccessDeniedException', ...argv)
    expect(code).toBe(1)
    expect(err).toMatch(/^signalbox: your credentials may not do this \(.*said by AWS\): docs\/deploy\.md/)
  })

  it('of an installation that is not there ends with 3', async () => {
    const { code, err } = await answeredWith('ResourceNotFoundException', ...argv)
    expect(code).toBe(3)
    expect(err).toMatch(/there is no such installation in eu-central-1 .*`installation` in signalbox\.config\.ts/)
  })

  it.each(['', 'Frankfurt', 'eu-central-1.evil.example', 'eu'])('the region %j is wrong usage', async (region) => {
    expect(await cli(...argv, '--aws', region)).toMatchObject({ code: 2, err: expect.stringContaining('eu-central-1') })
  })
})

it.each(['ExpiredTokenException', 'UnrecognizedClientException', 'InvalidSignatureException'])(
  'credentials that AWS answers with %s are a matter of logging in',
  async (name) => {
    expect(await answeredWith(name, 'plans')).toMatchObject({ code: 1, err: expect.stringContaining('aws sso login') })
  },
)

it('anything else says what AWS said and names the doctor', async () => {
  const { code, err } = await answeredWith('LimitExceededException', 'plans')
  expect(code).toBe(1)
  expect(err).toMatch(/LimitExceededException: said by AWS: try again; `signalbox doctor --aws eu-central-1`/)
})

it('a config that is not there is named', async () => {
  const { code, err } = await cli('plans', ...IN, '--config', '/nonexistent/policy.ts')
  expect([code, err]).toEqual([1, expect.stringContaining('/nonexistent/policy.ts: there is no such file')])
})

it.each([
  ['retry', ''],
  ['cancel', LANE, '--by', ''],
  ['thaw', '--by', 'x'.repeat(101)],
])('%s %s of nothing or by nobody is wrong usage', async (...argv) => {
  expect(await cli(...argv, ...IN)).toMatchObject({ code: 2, err: expect.stringContaining('--by') })
})

it.each(['approve', 'deny'])('%s --aws is refused: people answer in Slack', async (verdict) => {
  const { code, err } = await cli(verdict, 'p1', '--by', 'T0/U0', ...IN)
  expect([code, err]).toEqual([2, expect.stringContaining('in Slack')])
  expect((await cli(verdict, '--help')).out).not.toContain('--aws')
})
