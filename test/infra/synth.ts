import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App } from 'aws-cdk-lib'
import { afterAll } from 'vitest'
import { doors } from '../../infra/doors.ts'
import { addInstallation } from '../../infra/installation.ts'

/** What `cdk.json` says. */
export const CONTEXT = (JSON.parse(readFileSync('cdk.json', 'utf8')) as { context: Record<string, unknown> }).context
const { vpc } = CONTEXT['signalbox'] as { vpc: object }

/** A VPC with endpoints for everything. */
export const ENDPOINTS = {
  vpc: { ...vpc, endpoints: true, cidrs: ['10.0.0.0/16', '100.64.0.0/16'], routeTables: ['rtb-0123456789abcdef0'] },
}

/** All that can be asked of what AWS counts. */
export const MONEY = {
  alerts: [100, 80],
  forecasts: [100],
  karpenterRole: 'KarpenterController-ml-prod',
  anomalies: { dollars: 100 },
}
/** Of Amazon Managed Service for Prometheus. */
export const WORKSPACE = 'https://aps-workspaces.eu-central-1.amazonaws.com/workspaces/ws-1'

/** Each way in which settings change what is deployed, and all of them together. */
export const VARIANTS: [string, object][] = [
  ['as the example says', {}],
  ['with buckets of its own', { buckets: 'create' }],
  ['with endpoints', ENDPOINTS],
  ['with its schedules on', { schedules: 'on' }],
  ['with MLflow on a port of its own and nobody to tell', { mlflow: { url: 'http://mlflow:5000' }, alarms: undefined }],
  ['with what AWS counts beside us', { money: MONEY }],
  ['with a Prometheus on a port of its own', { prometheus: { url: 'http://prometheus.monitoring:9090' } }],
  ['with a workspace of Amazon’s', { prometheus: { url: WORKSPACE } }],
  [
    'with all that settings can add',
    {
      ...ENDPOINTS,
      buckets: 'create',
      schedules: 'on',
      money: MONEY,
      prometheus: { url: 'https://prometheus.example' },
    },
  ],
]

const folder = mkdtempSync(join(tmpdir(), 'signalbox-infra-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Bundles stand for themselves here: only their names matter to a template. */
const distOf = (name: string, policy: unknown): string => {
  const dist = join(folder, name)
  for (const door of [...doors.map((one) => one.name), 'policy']) mkdirSync(join(dist, door), { recursive: true })
  for (const { name: door } of doors) writeFileSync(join(dist, door, 'index.cjs'), `exports.handler = () => '${door}'`)
  writeFileSync(join(dist, 'policy', 'policy.json'), JSON.stringify(policy))
  return dist
}

/** The stacks of a policy, as the example's settings and `context` deploy them; `more` is context beside the settings. */
export const synth = (name: string, policy: unknown, context: object = {}, more: object = {}) => {
  const signalbox = { ...(CONTEXT['signalbox'] as object), ...context }
  const app = new App({ context: { ...CONTEXT, ...more, signalbox }, outdir: join(folder, `${name}.out`) })
  const { settings, policy: facts, stacks } = addInstallation(app, distOf(name, policy))
  return { app, settings, facts, stacks }
}
