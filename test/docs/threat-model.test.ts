import { existsSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const page = readFileSync('docs/threat-model.md', 'utf8')
const strangers = page.slice(page.indexOf('## What strangers can do at most'), page.indexOf('## Not stopped yet'))
const rows = strangers.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| stranger'))

it('every stranger has tests that show what they can do at most, and each is there', () => {
  expect(rows.length).toBeGreaterThan(15)
  for (const row of rows) {
    const files = [...(row.split(' | ').at(-1) ?? '').matchAll(/`([^`]+)`((?:,? “[^”]+”)*)/g)]
    expect(files, row).not.toEqual([])
    for (const [, file = '', said = ''] of files) {
      const titles = [...said.matchAll(/“([^”]+)”/g)].map(([, title = '']) => title)
      expect(titles, `${file} of ${row}`).not.toEqual([])
      expect(existsSync(file), file).toBe(true)
      const text = readFileSync(file, 'utf8')
      expect(
        titles.filter((title) => !text.includes(title)),
        file,
      ).toEqual([])
    }
  }
})
