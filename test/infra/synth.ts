import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App } from 'aws-cdk-lib'
import { afterAll } from 'vitest'
import { doors } from '../../infra/doors.ts'
import { addInstallation } from '../../infra/installation.ts'

/** What `cdk.json` says. */
export const CONTEXT = (JSON.parse(readFileSync('cdk.json', 'utf8')) as { context: Record<string, unknown> }).context
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

/** The stacks of a policy, as the example's settings and `context` deploy them. */
export const synth = (name: string, policy: unknown, context: object = {}) => {
  const signalbox = { ...(CONTEXT['signalbox'] as object), ...context }
  const app = new App({ context: { ...CONTEXT, signalbox }, outdir: join(folder, `${name}.out`) })
  const { settings, policy: facts, stacks } = addInstallation(app, distOf(name, policy))
  return { app, settings, facts, stacks }
}
