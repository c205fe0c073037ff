import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { SWITCHED_OFF } from '../../scripts/switched-off.mjs'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

it('what is switched off is still there, and the types are checked of all but that', () => {
  for (const path of SWITCHED_OFF) expect(existsSync(join(root, path)), path).toBe(true)
  const shown = execFileSync('node', ['node_modules/typescript/bin/tsc', '-p', '.', '--showConfig'], { cwd: root })
  const { exclude } = JSON.parse(String(shown)) as { exclude: string[] }
  expect([...exclude].sort()).toEqual(['local/page/assets', ...SWITCHED_OFF].sort())
})
