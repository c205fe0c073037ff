import { globSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { cli } from '../cli/running.ts'

const root = new URL('../../', import.meta.url).pathname
const pages = globSync(['*.md', 'docs/**/*.md', '{cli,core,effects,flows,functions,infra,local}/**/*.ts'], {
  cwd: root,
})
const texts = pages.map((file) => [file, readFileSync(`${root}${file}`, 'utf8')] as const)

/** Everything that is printed or written and matches, with the file that it stands in. */
const said = (pattern: RegExp): { file: string; words: string; rest: string }[] =>
  texts.flatMap(([file, text]) =>
    [...text.matchAll(pattern)].map(([, words = '', rest = '']) => ({
      file,
      words,
      rest: rest.split(/[|#;\\]/)[0] ?? '',
    })),
  )

/** What a command takes, as its help says. */
const taken = new Map<string, Promise<string>>()
const helpOf = (command: string): Promise<string> => {
  const help = taken.get(command) ?? cli(command, '--help').then(({ out, err }) => `${out}${err}`)
  taken.set(command, help)
  return help
}

it('every command that a page or a text names is there, with the flags that it names', async () => {
  const found = [
    ...said(/(?:npx |`)signalbox ([a-z]+)((?:(?!\\?`)[^\n])*)/g),
    ...said(/npm (start) --((?:(?!\\?`)[^\n])*)/g),
  ]
  expect(found.length).toBeGreaterThan(80)
  const wrong: string[] = []
  for (const { file, words, rest } of found) {
    const help = await helpOf(words)
    if (!help.includes(`Usage: signalbox ${words} `)) wrong.push(`${file}: signalbox ${words}`)
    for (const [flag] of rest.matchAll(/(?<=\s)--[a-z-]+/g))
      if (!new RegExp(`^ +${flag}\\b`, 'm').test(help)) wrong.push(`${file}: signalbox ${words} ${flag}`)
  }
  expect(wrong).toEqual([])
})

it('every script that a page or a text names is there', () => {
  const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { scripts: Record<string, string> }
  const named = said(/npm run (?:-s )?([a-z:-]+)/g)
  expect(named.length).toBeGreaterThan(20)
  expect(named.filter(({ words }) => !Object.hasOwn(scripts, words))).toEqual([])
})

it('every file that a page names is there', () => {
  const files = new Set(globSync('**/*', { cwd: root, exclude: (name) => name === 'node_modules' || name === '.git' }))
  const named = said(/`((?:[a-z-]+\/)+[a-z0-9.-]+\.(?:ts|md|json))`/g).filter(({ file }) =>
    /^[^/]+\.md$|^docs\/[^/]+\.md$/.test(file),
  )
  expect(named.length).toBeGreaterThan(30)
  expect(named.filter(({ words }) => !files.has(words))).toEqual([])
})
