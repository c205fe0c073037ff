import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { openSecrets } from '../../../local/secrets/local-secrets.ts'
import { cli } from '../running.ts'

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
  expect(values).toHaveLength(3)
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

it('a context that is not there is said in plain words, whatever asks for it', async () => {
  const kubeconfig = join(data, 'kubeconfig')
  writeFileSync(kubeconfig, JSON.stringify({ apiVersion: 'v1', kind: 'Config', contexts: [], clusters: [], users: [] }))
  const { code, out } = await cli('doctor', '--data', data, '--kubeconfig', kubeconfig, '--context', 'elsewhere')
  expect(code).toBe(1)
  expect(out).toMatch(/rights of reconcile +the kubeconfig has no context "elsewhere"/)
  expect(out).toMatch(/names in the cluster +the kubeconfig has no context "elsewhere"/)
})
