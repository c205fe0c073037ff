import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { isAlive } from '../../local/alive.ts'

it('a process that runs is alive, one that has ended is not', () => {
  expect(isAlive(process.pid)).toBe(true)
  const ended = spawnSync(process.execPath, ['-e', ''])
  expect(isAlive(ended.pid)).toBe(false)
})
