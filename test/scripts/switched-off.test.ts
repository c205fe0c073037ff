import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { SWITCHED_OFF } from '../../scripts/switched-off.mjs'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const packageJson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }

it('what is switched off is still there, and the types are checked of all but that', () => {
  for (const path of SWITCHED_OFF) expect(existsSync(join(root, path)), path).toBe(true)
  const shown = execFileSync('node', ['node_modules/typescript/bin/tsc', '-p', '.', '--showConfig'], { cwd: root })
  const { exclude } = JSON.parse(String(shown)) as { exclude: string[] }
  expect([...exclude].sort()).toEqual(['local/page/assets', ...SWITCHED_OFF].sort())
})

it.each(['build', 'synth', 'diff', 'deploy'])(
  'npm run %s says in one sentence that it is, and ends with 1',
  (command) => {
    const [program = '', ...argv] = (packageJson.scripts[command] ?? '').split(' ')
    const { status, stdout, stderr } = spawnSync(program, argv, { cwd: root, encoding: 'utf8' })
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(new RegExp(`^npm run ${command}: the AWS half is switched off [^\n]+\n$`))
  },
)
