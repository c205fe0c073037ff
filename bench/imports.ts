import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BuildOptions, build } from 'esbuild'
import type { Ports } from '../flows/ports.ts'
import { VARIABLES } from '../functions/aws-binding/settings.ts'
import { everyDoor } from '../infra/doors.ts'
import { BUNDLING, buildAll, IN_LAMBDA } from '../scripts/build.ts'
import { quantiles } from './figures.ts'

const ROUNDS = 11

/** The AWS client that a port asks: `registry` and `chat` have a token in a secret, and the policy is an object. */
const CLIENTS: Partial<Record<keyof Ports, string[]>> = {
  ledger: ['dynamodb:DynamoDBClient'],
  bus: ['eventbridge:EventBridgeClient'],
  secrets: ['secrets-manager:SecretsManagerClient'],
  registry: ['secrets-manager:SecretsManagerClient'],
  chat: ['secrets-manager:SecretsManagerClient'],
  objects: ['s3:S3Client'],
  policies: ['ssm:SSMClient', 's3:S3Client'],
  queue: ['sqs:SQSClient'],
}

/** What a door cannot do without: the AWS clients that its ports ask, made as the door makes them, and nothing else. */
const clientsAlone = (ports: readonly (keyof Ports)[]): string => {
  const clients = [...new Set(ports.flatMap((port) => CLIENTS[port] ?? []))].map((one) => one.split(':'))
  const imports = clients.map(([name, type]) => `import { ${type} } from '@aws-sdk/client-${name}'`)
  return `${imports.join('\n')}\nexport const handler = [${clients.map(([, type]) => `new ${type}({})`).join()}]`
}

/** Processor time of importing each bundle in a fresh process, beside an empty handler and beside its clients alone, interleaved. */
export const importTimes = async (): Promise<string[]> => {
  const out = mkdtempSync(join(tmpdir(), 'signalbox-imports-'))
  const built = await buildAll({ out, config: 'signalbox.config.ts' })
  const files: Record<string, string> = Object.fromEntries(
    built.map(({ door }) => [door, join(out, door, 'index.cjs')]),
  )
  files['empty'] = await bundled(join(out, 'empty.cjs'), 'export const handler = async () => 0')
  for (const { name, ports } of everyDoor) {
    const clients = clientsAlone(ports)
    files[`clients of ${name}`] = await bundled(join(out, `clients-${name}.cjs`), clients)
    files[`lean clients of ${name}`] = await bundled(join(out, `lean-${name}.cjs`), clients, IN_LAMBDA)
  }
  const measured: Record<string, number[]> = Object.fromEntries(Object.keys(files).map((name) => [name, []]))
  for (let round = 0; round < ROUNDS; round++)
    for (const [name, file] of Object.entries(files)) measured[name]?.push(importOf(file))
  rmSync(out, { recursive: true, force: true })
  const p50 = (name: string): number => quantiles(measured[name] ?? []).p50
  return built.map(({ door, bytes }) => {
    const whole = p50(door)
    const times = (name: string, digits: number): string => `${(whole / p50(name)).toFixed(digits)}×`
    return `import of ${door} (${Math.round(bytes / 1024)} KB): ${whole.toFixed(0)} ms, ${times('empty', 0)} an empty handler, ${times(`clients of ${door}`, 2)} its AWS clients alone, ${times(`lean clients of ${door}`, 2)} those without unused credential providers`
  })
}

const bundled = async (outfile: string, contents: string, options: BuildOptions = BUNDLING): Promise<string> => {
  await build({ ...options, stdin: { contents, resolveDir: process.cwd() }, outfile, logLevel: 'error' })
  return outfile
}

const importOf = (file: string): number => {
  // The processor's time: how long it takes beside others says nothing of the bundle.
  const code = `const begun = process.cpuUsage(); require(${JSON.stringify(file)}); const { user, system } = process.cpuUsage(begun); console.log((user + system) / 1000); process.exit(0)`
  const settings = Object.fromEntries(Object.values(VARIABLES).map((name) => [name, 'https://x']))
  const env = { PATH: process.env['PATH'] ?? '', ...settings, AWS_REGION: 'eu-central-1' }
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', code], { env, encoding: 'utf8' })
  const time = Number(stdout.trim().split('\n').at(-1))
  if (!(time > 0)) throw new Error(`${file}: ${stderr.slice(-500)}`)
  return time
}
