import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { VARIABLES } from '../functions/aws-binding/settings.ts'
import { buildAll } from '../scripts/build.ts'
import { quantiles } from './figures.ts'

const ROUNDS = 11
const ARN = 'arn:aws:lambda:eu-central-1:111122223333:function:signalbox-carry-out:live'

/** What a door cannot do without: the AWS clients that its ports ask, made as the door makes them, and nothing else. */
const CLIENTS: Record<string, string[]> = {
  'registry-webhook': [
    'DynamoDB:DynamoDBClient',
    'secrets-manager:SecretsManagerClient',
    'eventbridge:EventBridgeClient',
  ],
  'slack-interaction': [
    'DynamoDB:DynamoDBClient',
    'secrets-manager:SecretsManagerClient',
    's3:S3Client',
    'ssm:SSMClient',
    'lambda:LambdaClient',
  ],
}

/** Import time of each bundle in a fresh process, beside an empty handler and beside its clients alone, interleaved. */
export const importTimes = async (): Promise<string[]> => {
  const out = mkdtempSync(join(tmpdir(), 'signalbox-imports-'))
  const built = await buildAll({ out, config: 'signalbox.config.ts' })
  const files: Record<string, string> = Object.fromEntries(
    built.map(({ door }) => [door, join(out, door, 'index.cjs')]),
  )
  files['empty'] = await bundled(out, 'empty', 'export const handler = async () => 0')
  for (const [door, clients] of Object.entries(CLIENTS)) {
    const lines = clients.map((one) => {
      const [name = '', type = ''] = one.split(':')
      return { import: `import { ${type} } from '@aws-sdk/client-${name.toLowerCase()}'`, use: `new ${type}({})` }
    })
    const text = `${lines.map((line) => line.import).join('\n')}\nexport const handler = [${lines.map(({ use }) => use).join()}]`
    files[`clients of ${door}`] = await bundled(out, `clients-${door}`, text)
  }
  const times: Record<string, number[]> = Object.fromEntries(Object.keys(files).map((name) => [name, []]))
  for (let round = 0; round < ROUNDS; round++)
    for (const [name, file] of Object.entries(files)) times[name]?.push(importOf(file))
  rmSync(out, { recursive: true, force: true })
  const p50 = (name: string): number => quantiles(times[name] ?? []).p50
  return built.map(({ door, bytes }) => {
    const clients =
      CLIENTS[door] === undefined
        ? ''
        : `, ${(p50(door) / p50(`clients of ${door}`)).toFixed(2)}× its AWS clients alone`
    return `import of ${door} (${Math.round(bytes / 1024)} KB): ${p50(door).toFixed(0)} ms, ${(p50(door) / p50('empty')).toFixed(0)}× an empty handler${clients}`
  })
}

const bundled = async (out: string, name: string, contents: string): Promise<string> => {
  const outfile = join(out, `${name}.cjs`)
  const stdin = { contents, resolveDir: process.cwd() }
  await build({
    stdin,
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    mainFields: ['module', 'main'],
    logLevel: 'error',
  })
  return outfile
}

const importOf = (file: string): number => {
  const code = `const begun = performance.now(); require(${JSON.stringify(file)}); console.log(performance.now() - begun); process.exit(0)`
  const settings = Object.fromEntries(
    Object.values(VARIABLES).map((name) => [name, name.endsWith('ARN') ? ARN : 'https://x']),
  )
  const env = { PATH: process.env['PATH'] ?? '', ...settings, AWS_REGION: 'eu-central-1' }
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', code], { env, encoding: 'utf8' })
  const time = Number(stdout.trim().split('\n').at(-1))
  if (!(time > 0)) throw new Error(`${file}: ${stderr.slice(-500)}`)
  return time
}
