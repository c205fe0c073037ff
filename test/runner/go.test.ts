import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const run = promisify(execFile)
const cwd = fileURLToPath(new URL('../../runner', import.meta.url))
const go = (...args: string[]): Promise<{ stdout: string; stderr: string }> =>
  run('go', args, { cwd, env: { ...process.env, GOTOOLCHAIN: 'local', GOFLAGS: '' }, maxBuffer: 1 << 26 })

describe('signalbox-run as Go', () => {
  it('is formatted, and vet finds nothing', async () => {
    expect((await run('gofmt', ['-l', '.'], { cwd })).stdout).toBe('')
    await go('vet', './...')
  })

  it('passes its own tests', { timeout: 300_000 }, async () => {
    const said = await go('test', '-count=1', './...').then(
      () => '',
      ({ stdout, stderr }) => `${stdout}${stderr}`,
    )
    expect(said).toBe('')
  })

  it('asks for exactly the versions whose sums are kept', async () => {
    await go('mod', 'verify')
    const { stdout } = await go('mod', 'tidy', '-diff')
    expect(stdout).toBe('')
  })
})
