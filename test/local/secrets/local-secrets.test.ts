import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSecrets } from '../../../local/secrets/local-secrets.ts'

let dataDir: string
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'signalbox-secrets-'))
})
afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

describe('local secrets', () => {
  it('are made at the first start, each of its own, and stay', async () => {
    const first = openSecrets({ dataDir, given: {} })
    const names = ['mlflow-webhook', 'slack-signing', 'token'] as const
    const made = await Promise.all(names.map((name) => first.get(name)))
    expect(new Set(made).size).toBe(3)
    for (const secret of made) expect(secret).toMatch(/^[0-9a-f]{64}$/)
    const second = openSecrets({ dataDir, given: {} })
    expect(await Promise.all(names.map((name) => second.get(name)))).toEqual(made)
  })

  it('can be read by their owner alone', () => {
    openSecrets({ dataDir, given: {} })
    expect(statSync(join(dataDir, 'secrets.json')).mode & 0o077).toBe(0)
  })

  it('in a file that somebody has broken are not shown by what says so', () => {
    const file = join(dataDir, 'secrets.json')
    writeFileSync(file, '{"token": hunter2}')
    const said = `${file} is no JSON: mend it, or delete it for new secrets`
    expect(() => openSecrets({ dataDir, given: {} })).toThrow(new Error(said))
  })

  it('that are given win over those that were made; an empty one is none', async () => {
    const secrets = openSecrets({ dataDir, given: { 'mlflow-webhook': 'mine', 'slack-signing': '' } })
    expect(await secrets.get('mlflow-webhook')).toBe('mine')
    expect(await secrets.get('slack-signing')).toMatch(/^[0-9a-f]{64}$/)
  })
})
