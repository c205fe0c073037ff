import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KubeConfig } from '@kubernetes/client-node'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { byBot, openSlack } from '../../../effects/chat/slack-chat.ts'
import { loadKubeconfig } from '../../../effects/cluster/kubeconfig.ts'
import { openRequests } from '../../../effects/cluster/requests.ts'
import { byPassword, byToken } from '../../../effects/http/credentials.ts'
import { mlflowVersion } from '../../../effects/registry/checks.ts'
import { openMlflow } from '../../../effects/registry/mlflow-registry.ts'
import { asClients, bearer } from '../../../effects/registry/mlflow-rest.ts'
import { NotAllowed } from '../../../flows/ports.ts'
import { memoryLedger } from '../../../local/ledger/memory-ledger.ts'
import { anyText } from '../../any-text.ts'

const JSON_SECRET = '{\n  "username": "signalbox",\n  "password": "hunter2"\n}'
const HERE = { where: 'the secret x', write: 'a token' }
/** Nobody is asked there: `fetch` refuses the port, and a request that could not be built does not come so far. */
const NOBODY = 'http://127.0.0.1:9'
const QUICK = { tries: 1, pause: async () => undefined }

/** Each place where a secret becomes a header, asked with this one. What came of it, if it failed. */
const PLACES: Record<string, (secret: string) => Promise<unknown>> = {
  'MLflow by the secret': (secret) =>
    openMlflow({ url: NOBODY, headers: bearer(async () => secret), ...QUICK }).alias('m', 'champion'),
  'MLflow by name and password': (secret) =>
    openMlflow({ url: NOBODY, headers: bearer(async () => `basic signalbox:${secret}`), ...QUICK }).alias('m', 'a'),
  'MLflow by its clients’ environment': async (secret) =>
    asClients({ token: secret, name: undefined, password: undefined }),
  'MLflow’s address': (secret) =>
    openMlflow({ url: `http://signalbox:${encodeURIComponent(secret)}@127.0.0.1:9`, ...QUICK }).alias('m', 'champion'),
  'MLflow’s version': (secret) =>
    mlflowVersion(
      NOBODY,
      bearer(async () => secret),
    ),
  Slack: (secret) =>
    openSlack({
      token: async () => secret,
      ledger: memoryLedger(),
      clock: { now: () => 0 },
      url: `${NOBODY}/`,
      ...QUICK,
    }).members('T/S'),
  'the doctor at Slack': async (secret) => byBot(secret),
  'a kubeconfig’s token': async (secret) => {
    const config = new KubeConfig()
    config.loadFromClusterAndUser({ name: 'c', server: NOBODY, skipTLSVerify: true }, { name: 'u', token: secret })
    const requests = await openRequests(config, QUICK)
    return requests.send({ method: 'GET', path: '/version' }).finally(() => requests.close())
  },
}

/** Everything that is said of an error, wherever it is written down. */
const textOf = (error: unknown): string => {
  const { name, message, cause } = error as Error
  return `${name} ${message} ${String(error)} ${cause === undefined ? '' : textOf(cause)}`
}

const failedOf = (asked: Promise<unknown>): Promise<unknown> =>
  asked.then(
    () => null,
    (error: unknown) => error,
  )

const secret = fc.oneof(
  anyText({ minLength: 1, maxLength: 12 }),
  fc.constantFrom('\n', '\r', '\0', '’', ' ', '"').map((odd) => `s3cr3t${odd}k3y`),
)

it.each(Object.entries(PLACES))('%s: whatever the secret is, no error holds it', async (_, ask) => {
  await fc.assert(
    fc.asyncProperty(secret, async (tail) => {
      const error = await failedOf(ask(`hunter2-${tail}`))
      expect(error === null ? '' : textOf(error)).not.toContain('hunter2')
    }),
    { numRuns: 25 },
  )
})

it.each(Object.entries(PLACES).filter(([name]) => name !== 'MLflow’s address'))(
  '%s: one that cannot be sent is not allowed, with what is to be written and where',
  async (_, ask) => {
    const error = await failedOf(ask(JSON_SECRET))
    expect(error).toBeInstanceOf(NotAllowed)
    expect(String(error)).toMatch(
      /^NotAllowed: (the (secret|credential) .+|MLFLOW_TRACKING_TOKEN) cannot be sent as it is: write .*token.*, in one line/,
    )
  },
)

it.each(['tok’en', 'Basic a:b', 'Bearer abc', 'a\rb', 'a\nb', 'a\0b', '"abc"', '{"token":"abc"}', ''])(
  '%j is no token',
  (said) => {
    expect(() => byToken(said, HERE)).toThrow(
      new NotAllowed('the secret x cannot be sent as it is: write a token, in one line and nothing else'),
    )
  },
)

it('every token and password that can be sent is', () => {
  expect(byToken('eyJ.a-b_c~d+e/f==', HERE)).toEqual({ authorization: 'Bearer eyJ.a-b_c~d+e/f==' })
  expect(byPassword('ana:pä ss:"’', HERE)).toEqual({
    authorization: `Basic ${Buffer.from('ana:pä ss:"’').toString('base64')}`,
  })
  expect(() => byPassword('ana\n:pass', HERE)).toThrow(NotAllowed)
})

it('one machine authenticates as MLflow’s clients do', () => {
  const none = { token: undefined, name: undefined, password: undefined }
  expect(asClients(none)).toEqual({})
  expect(asClients({ ...none, token: 'a', name: 'b' })).toEqual({ authorization: 'Bearer a' })
  expect(asClients({ ...none, name: 'ana' })).toEqual(byPassword('ana:', HERE))
  expect(() => asClients({ ...none, name: 'ana', password: 'a\nb' })).toThrow(NotAllowed)
})

it('a kubeconfig that is no YAML is refused by its line, and shows none of it', () => {
  const dir = mkdtempSync(join(tmpdir(), 'signalbox-credentials-'))
  const file = join(dir, 'config')
  writeFileSync(file, 'users:\n- name: a\n  user:\n    token: "hunter2\n  x: [')
  expect(() => loadKubeconfig({ file })).toThrow(/^the kubeconfig cannot be read: it is no YAML at line \d+$/)
  rmSync(dir, { recursive: true })
})
