import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { onPaper } from '../../core/policy/on-paper.ts'
import { PolicyError, parsePolicy } from '../../core/policy.ts'
import { counted } from '../../core/text.ts'
import type { Finding } from '../../effects/aws/checks.ts'
import type { givenSecrets } from '../../local/main.ts'
import { whyOpen } from '../../local/own-folder.ts'
import { readSimulated, readUnpinned } from '../../local/policies/file-policies.ts'
import { whyUnpinned } from '../../local/policies/lock-file.ts'
import { findRunning, policyInForce } from '../client.ts'
import { columns, EXIT, Explained, type Output, show } from '../output.ts'
import { hoursFindings } from './doctor-hours.ts'
import { looseFindings } from './doctor-loose.ts'
import { type Outside, outsideFindings } from './doctor-outside.ts'
import { renamedFindings } from './doctor-renamed.ts'
import { sideFindings } from './doctor-sides.ts'
import { hasLedger } from './ledger.ts'

/** Secrets from the environment. */
type Given = ReturnType<typeof givenSecrets>

/** Checks what the product needs on this machine; each finding with its fix. */
export const doctor = async (
  { data, config, given, ...outside }: { data: string; config: string; given: Given } & Outside,
  output: Output,
): Promise<number> => {
  if (outside.webhook !== undefined && outside.mlflow === undefined)
    throw new Explained('--webhook asks an MLflow server whether it sends there: say which by --mlflow too', EXIT.usage)
  const findings = [
    nodeVersion(),
    ...(await policyFindings(config)),
    ...(await renamedFindings({ data, config })),
    folder(data),
    await running(data, config),
    ...(await looseFindings({ data, config, ...outside })),
    ...secrets(data, given),
    ...(await sideFindings(data)),
    ...(await hoursFindings({ data, config, aws: outside.aws })),
    ...(await outsideOf(config, outside)),
  ]
  const good = findings.every(({ ok }) => ok)
  show(output, { findings, good }, columns(findings.map(({ check, ok, detail }) => [ok ? '✓' : '✗', check, detail])))
  return good ? EXIT.ok : EXIT.failed
}

/** With a policy that does not hold together there is nothing to compare the outside with. */
const outsideOf = async (config: string, outside: Outside): Promise<Finding[]> => {
  const policy = await readSimulated(config)
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

const policyFindings = async (config: string): Promise<Finding[]> => {
  try {
    const policy = parsePolicy(await readSimulated(config))
    const { version, pipelines, services, pools } = policy
    const counts = Object.entries({ pipeline: pipelines, service: services, pool: pools })
      .map(([what, named]) => counted(Object.keys(named).length, what))
      .join(', ')
    return [
      { check: 'policy', ok: true, detail: `${config}: version ${version}, ${counts}` },
      ...(await readUnpinned(config)).map((one) => ({
        check: 'image',
        ok: false,
        detail: `${whyUnpinned(config, one)}. The simulated cluster takes it as it is, no other does`,
      })),
      ...onPaper(policy).map(({ path, why }) => ({ check: path, ok: false, detail: why })),
    ]
  } catch (error) {
    const problems =
      error instanceof PolicyError ? error.problems : [error instanceof Error ? error.message : String(error)]
    // Of a file that cannot be read the problem names it already.
    return problems.map((problem) => ({
      check: 'policy',
      ok: false,
      detail: problem.startsWith(`${config}:`) ? problem : `${config}: ${problem}`,
    }))
  }
}

const folder = (data: string): Finding => {
  const open = existsSync(data) ? whyOpen(data) : null
  if (open !== null) return { check: 'data', ok: false, detail: open.text }
  const detail = hasLedger(data)
    ? `${data} holds a ledger; buckets are the folders in ${join(data, 'buckets')}`
    : `${data} is made at the first start`
  return { check: 'data', ok: true, detail }
}

const running = async (data: string, config: string): Promise<Finding> => {
  try {
    const client = findRunning(data)
    const { version, notInForce } = await policyInForce(client)
    if (typeof notInForce === 'string')
      return { check: 'product', ok: false, detail: `runs at ${client.url}; ${notInForce}` }
    const here = await versionOf(config)
    const isSame = client.config === resolve(config)
    const runs = `runs at ${client.url} by policy ${version}`
    if (here === null || here === version) return { check: 'product', ok: true, detail: runs }
    return {
      check: 'product',
      ok: !isSame,
      detail: `${runs}, ${isSame ? elsewhere(here) : another(config, client.config)}`,
    }
  } catch (error) {
    return { check: 'product', ok: true, detail: error instanceof Error ? error.message : String(error) }
  }
}

/** The version of the policy in a file; null where there is none to compare. */
const versionOf = (config: string): Promise<string | null> =>
  readSimulated(config)
    .then((read) => parsePolicy(read).version)
    .catch(() => null)

const another = (config: string, started: string | undefined): string =>
  `which is not the one of ${config}${started === undefined ? '' : `: it was started with ${started}`}`

/** The same files say something else here: then it is no file that says it. */
const elsewhere = (here: string): string =>
  `and the same file says policy ${here} here: what it takes from the environment, from packages, by \`require\` or from files that it opens itself is taken when the product starts: start it again`

/** Whether secrets are there and where they are; never what they are. */
const secrets = (data: string, given: Given): Finding[] => {
  const file = join(data, 'secrets.json')
  if (!existsSync(file)) return [{ check: 'secrets', ok: true, detail: `made at the first start, in ${file}` }]
  const named = [
    ['MLflow secret', 'mlflow-webhook', 'SIGNALBOX_MLFLOW_SECRET'],
    ['alert secret', 'alert-webhook', 'SIGNALBOX_ALERT_SECRET'],
    ['Slack secret', 'slack-signing', 'SIGNALBOX_SLACK_SIGNING_SECRET'],
  ] as const
  return named.map(([check, name, variable]) => ({
    check,
    ok: true,
    detail: given[name] ? `set, from ${variable}` : `set: \`${name}\` in ${file} (set ${variable} to use your own)`,
  }))
}
