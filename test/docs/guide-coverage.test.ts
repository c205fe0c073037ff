import { existsSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const rows = readFileSync('docs/guide-coverage.md', 'utf8')
  .split('\n')
  .filter((line) => /^\| \d/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()))

/** Sections of the guide that ask for something, and of those whose manifests have a row of their own only these. */
const SECTIONS =
  '1 2 3.1 3.2 3.3 3.4 3.5 4.1 4.2 5.1 5.2 5.3 6.1 6.2 7.1 7.2 8.1 8.2 9.1 9.2 10.1 10.2 10.3 11.1 11.2 11.3 12 13'

it('every section of the guide has its row, in its order', () => {
  expect(rows.map(([, section = '']) => section.split(' ')[0]).join(' ')).toBe(SECTIONS)
})

it('each says what is here, and names tests that are there', () => {
  for (const [, section, , here = '', , shown = ''] of rows.slice(0, -1)) {
    expect(here, section).not.toBe('')
    const files = [...shown.matchAll(/`([^`]+)`/g)].map(([, file = '']) => file)
    expect(files, section).not.toEqual([])
    expect(
      files.filter((file) => !existsSync(file)),
      section,
    ).toEqual([])
  }
})
