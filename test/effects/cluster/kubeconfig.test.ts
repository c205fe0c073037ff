import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { loadKubeconfig } from '../../../effects/cluster/kubeconfig.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'signalbox-kubeconfig-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const file = (current: string, names: string[]): string => {
  const path = join(dir, 'config')
  const named = names.map((name) => ({ name, context: { cluster: name, user: name } }))
  const clusters = names.map((name) => ({ name, cluster: { server: `https://${name}.example` } }))
  writeFileSync(path, JSON.stringify({ 'current-context': current, contexts: named, clusters, users: [] }))
  return path
}

describe('a kubeconfig', () => {
  it('is used at its current context, or at the one that is asked for', () => {
    const path = file('dev', ['dev', 'prod'])
    expect(loadKubeconfig({ file: path }).getCurrentCluster()?.server).toBe('https://dev.example')
    expect(loadKubeconfig({ file: path, context: 'prod' }).getCurrentCluster()?.server).toBe('https://prod.example')
  })

  it('without that context says which there are', () => {
    const path = file('dev', ['dev', 'prod'])
    expect(() => loadKubeconfig({ file: path, context: 'staging' })).toThrow(/no context "staging"; it has dev, prod/)
    expect(() => loadKubeconfig({ file: file('', []) })).toThrow(/it has none/)
  })

  it('that is nowhere is said so, whichever context is asked for', () => {
    vi.stubEnv('HOME', join(dir, 'none'))
    vi.stubEnv('KUBECONFIG', '')
    for (const context of [undefined, 'prod'])
      expect(() => loadKubeconfig(context === undefined ? {} : { context })).toThrow(
        'there is no kubeconfig: name one with --kubeconfig, in $KUBECONFIG, or write ~/.kube/config',
      )
    vi.unstubAllEnvs()
  })
})
