import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { PolicyError, parsePolicy } from '../../core/policy.ts'
import type { Finding } from '../../effects/aws/checks.ts'
import { readConfig } from '../../local/policies/file-policies.ts'
import { openSecrets } from '../../local/secrets/local-secrets.ts'
import { findRunning } from '../client.ts'
import { columns, EXIT, type Output, show } from '../output.ts'
import { type Outside, outsideFindings } from './doctor-outside.ts'

/** Secrets from the environment. */
type Given = Parameters<typeof openSecrets>[0]['given']

/** Checks what the product needs on this machine; each finding with its fix. */
export const doctor = async (
  { data, config, given, ...outside }: { data: string; config: string; given: Given } & Outside,
  output: Output,
): Promise<number> => {
  const findings = [
    nodeVersion(),
    await policy(config),
    folder(data),
    await running(data),
    ...(await secrets(data, given)),
    ...(await outsideOf(config, outside)),
  ]
  const good = findings.every(({ ok }) => ok)
  show(output, { findings, good }, columns(findings.map(({ check, ok, detail }) => [ok ? '✓' : '✗', check, detail])))
  return good ? EXIT.ok : EXIT.failed
}

/** With a policy that does not hold together there is nothing to compare the outside with. */
const outsideOf = async (config: string, outside: Outside): Promise<Finding[]> => {
  const policy = await readConfig(config)
    .then(parsePolicy)
    .catch(() => null)
  return policy === null ? [] : outsideFindings(outside, policy)
}

const nodeVersion = (): Finding => {
  const major = Number(process.versions.node.split('.')[0])
  return {
    check: 'node',
    ok: major >= 24,
    detail: `${process.versions.node}${major >= 24 ? '' : ': use Node 24 or newer'}`,
  }
}

const policy = async (config: string): Promise<Finding> => {
  try {
    const { version, datasets, models, pools } = parsePolicy(await readConfig(config))
    const counts = `${Object.keys(datasets).length} datasets, ${Object.keys(models).length} models, ${Object.keys(pools).length} pools`
    return { check: 'policy', ok: true, detail: `${config}: version ${version}, ${counts}` }
  } catch (error) {
    const detail =
      error instanceof PolicyError ? error.problems.join('; ') : String(error instanceof Error ? error.message : error)
    return { check: 'policy', ok: false, detail: `${config}: ${detail}` }
  }
}

const folder = (data: string): Finding => ({
  check: 'data',
  ok: true,
  detail: existsSync(join(data, 'ledger.db'))
    ? `${data} holds a ledger; buckets are the folders in ${join(data, 'buckets')}`
    : `${data} is made at the first start`,
})

const running = async (data: string): Promise<Finding> => {
  try {
    const client = findRunning(data)
    await client.get('/healthz')
    return { check: 'product', ok: true, detail: `runs at ${client.url}` }
  } catch (error) {
    return { check: 'product', ok: true, detail: error instanceof Error ? error.message : String(error) }
  }
}

/** Local secrets are shown on purpose: they sign test deliveries to this machine and are worth nothing elsewhere. */
const secrets = async (data: string, given: Given): Promise<Finding[]> => {
  if (!existsSync(join(data, 'secrets.json')))
    return [{ check: 'secrets', ok: true, detail: 'made at the first start' }]
  const held = openSecrets({ dataDir: data, given })
  return [
    {
      check: 'MLflow secret',
      ok: true,
      detail: `${await held.get('mlflow-webhook')} (set SIGNALBOX_MLFLOW_SECRET to use your own)`,
    },
    {
      check: 'Slack secret',
      ok: true,
      detail: `${await held.get('slack-signing')} (set SIGNALBOX_SLACK_SIGNING_SECRET to use your own)`,
    },
  ]
}
