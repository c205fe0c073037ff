import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { EXIT } from '../../../cli/output.ts'
import { openLedger } from '../../../local/ledger/sqlite-ledger.ts'
import { RUNNING_FILE } from '../../../local/main.ts'
import { openSecrets } from '../../../local/secrets/local-secrets.ts'
import { openStores } from '../../../local/stores.ts'
import { wanted } from '../../core/lane/fixture.ts'
import { exampleWith } from '../../core/training-fixture.ts'
import { cli, openRunning } from '../running.ts'

let data: string
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'signalbox-doctor-'))
  openSecrets({ dataDir: data, given: {} })
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(data, { recursive: true, force: true })
})

it('secrets are said to be set, with where they are, and are never printed', async () => {
  const values = Object.values(JSON.parse(readFileSync(join(data, 'secrets.json'), 'utf8')) as Record<string, string>)
  expect(values).toHaveLength(4)
  for (const more of [[], ['--json']]) {
    const { code, out, err } = await cli('doctor', '--data', data, ...more)
    expect(code).toBe(0)
    expect(out).toContain(join(data, 'secrets.json'))
    for (const value of values) expect(out + err).not.toContain(value)
  }
})

it('one that the environment gives is said to come from there, and is not printed either', async () => {
  vi.stubEnv('SIGNALBOX_SLACK_SIGNING_SECRET', 'from-the-environment')
  const { out } = await cli('doctor', '--data', data)
  expect(out).toMatch(/Slack secret +set, from SIGNALBOX_SLACK_SIGNING_SECRET/)
  expect(out).toMatch(/MLflow secret +set: `mlflow-webhook` in /)
  expect(out).not.toContain('from-the-environment')
})

it('does not pass over a webhook whose MLflow nobody named', async () => {
  const { code, err } = await cli('doctor', '--data', data, '--webhook', 'https://example.org/webhooks/mlflow')
  expect([code, err]).toEqual([2, expect.stringContaining('say which by --mlflow too')])
})

it('a context that is not there is said in plain words, whatever asks for it', async () => {
  const kubeconfig = join(data, 'kubeconfig')
  writeFileSync(kubeconfig, JSON.stringify({ apiVersion: 'v1', kind: 'Config', contexts: [], clusters: [], users: [] }))
  const { code, out } = await cli('doctor', '--data', data, '--kubeconfig', kubeconfig, '--context', 'elsewhere')
  expect(code).toBe(1)
  expect(out).toMatch(/rights of reconcile +the kubeconfig has no context "elsewhere"/)
  expect(out).toMatch(/names in the cluster +the kubeconfig has no context "elsewhere"/)
})

it('a name from before that no lane of the ledger has is said, with the one that is meant', async () => {
  const stores = openStores(data)
  const doc = wanted({ lane: 'pipeline/old-chats' })
  const self = { ledger: 'feedfacecafe', at: 0, fenceFrom: 0, called: { 'pipelines.chats': 'old-chats' } }
  await openLedger(stores.ledger).commit([
    { put: 'lane', id: doc.lane, value: doc, revision: 0 },
    { put: 'identity', id: 'self', value: self, revision: 0 },
  ])
  stores.close()
  const config = join(data, 'config.json')
  writeFileSync(config, JSON.stringify(exampleWith(['pipelines.support-chats.was', 'old-chat'])))
  const { code, out } = await cli('doctor', '--data', data, '--config', config)
  expect(code).toBe(1)
  expect(out).toMatch(/pipelines\.support-chats\.was +nothing was ever begun under .*did you mean `old-chats`\?/)
  writeFileSync(config, JSON.stringify(exampleWith(['pipelines.support-chats.was', 'chats'])))
  const later = await cli('doctor', '--data', data, '--config', config)
  expect(later.out).toMatch(
    /pipelines\.support-chats\.was +its lane was called `chats` only later.*say `was: 'old-chats'`/,
  )
})

it('compares the policy that is written with the one that the product works by', async () => {
  const product = await openRunning()
  const file = join(product.data, RUNNING_FILE)
  const config = join(data, 'config.json')
  const started = (on: string) =>
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), config: on }))
  const doctor = () => product.cli('doctor', '--config', config)
  const { version } = await product.town.house.ports.policies.load()
  writeFileSync(config, JSON.stringify(exampleWith(['cluster', 'another'])))
  started(config)
  expect(await doctor()).toMatchObject({
    code: 1,
    out: expect.stringMatching(
      new RegExp(`✗ +product +runs at .* by policy ${version}, and the same file says policy .*start it again`),
    ),
  })
  started('/policies/team.ts')
  expect(await doctor()).toMatchObject({
    code: 0,
    out: expect.stringContaining(
      `by policy ${version}, which is not the one of ${config}: it was started with /policies/team.ts`,
    ),
  })
  writeFileSync(config, JSON.stringify(exampleWith()))
  started(config)
  expect(await doctor()).toMatchObject({ code: 0, out: expect.stringMatching(`by policy ${version}\n`) })
  await product.close()
})

it('a data folder that others of this machine may enter is told, with what to do', async () => {
  chmodSync(data, 0o755)
  const { code, out } = await cli('doctor', '--data', data)
  expect(code).toBe(EXIT.failed)
  expect(out).toMatch(new RegExp(`✗ +data +others of this machine may enter ${data}: \`chmod 700 ${data}\``))
  chmodSync(data, 0o700)
  expect((await cli('doctor', '--data', data)).out).toMatch(/✓ +data /)
})

it('without credentials says that alone of what is deployed: all else would fail by it', async () => {
  for (const name of ['AWS_PROFILE', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_WEB_IDENTITY_TOKEN_FILE'])
    vi.stubEnv(name, undefined)
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
  for (const name of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']) vi.stubEnv(name, join(data, 'none'))
  const { code, out } = await cli('doctor', '--data', data, '--aws', 'eu-central-1')
  expect(code).toBe(1)
  expect(out.match(/^✗.*$/gm)).toEqual([expect.stringMatching(/^✗ +credentials .*aws sso login/)])
})

it('of images that nobody has pinned says each once, beside what else is amiss, and what pins them', async () => {
  const { code, out } = await cli('doctor', '--data', data, '--config', 'examples/life.config.ts')
  expect(code).toBe(1)
  expect(out).toMatch(/^✓ +policy +examples\/life\.config\.ts: version /m)
  const wrong = out.match(/^✗.*$/gm) ?? []
  expect(wrong).toHaveLength(6)
  for (const line of wrong)
    expect(line).toMatch(
      /^✗ +image .*`npx signalbox pin --config examples\/life\.config\.ts`.* simulated cluster takes it/,
    )
})
