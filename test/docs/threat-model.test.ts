import { existsSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const page = readFileSync('docs/threat-model.md', 'utf8')
const strangers = page.slice(page.indexOf('## What strangers can do at most'), page.indexOf('## Not stopped yet'))
const rows = strangers.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| stranger'))

it('every stranger has a test that shows what they can do at most, and it is there', () => {
  expect(rows.length).toBeGreaterThan(8)
  for (const row of rows) {
    const files = [...(row.split('|').at(-2) ?? '').matchAll(/`([^`]+)`/g)].map(([, file = '']) => file)
    expect(files, row).not.toEqual([])
    expect(files.filter((file) => !existsSync(file))).toEqual([])
  }
})
