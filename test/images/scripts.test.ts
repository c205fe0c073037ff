import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

/** Needs Python alone, so it runs where `signalbox-run` is tested. */
it('what the scripts of images/ decide is what their own tests say', async () => {
  const cwd = join(import.meta.dirname, '../..')
  const { stderr } = await promisify(execFile)('python3', ['-m', 'unittest', 'discover', 'test/images'], { cwd })
  expect(stderr).toMatch(/Ran \d\d tests[\s\S]*\nOK\n$/)
})
