import { globSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { newest, PRESETS } from '../../core/workloads/presets.ts'
import { programFor } from '../../core/workloads/runner.ts'
import { ARCHITECTURES } from '../../scripts/runner.ts'

const IMAGES = join(import.meta.dirname, '../../images')
const NAMES = readdirSync(IMAGES, { withFileTypes: true }).flatMap((one) =>
  one.isDirectory() && one.name !== 'common' ? [one.name] : [],
)

/** Instructions of a Dockerfile, in order. */
const instructions = (text: string): { word: string; rest: string }[] =>
  text.split('\n').flatMap((line) => {
    const [, word = '', rest = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? []
    return word === '' ? [] : [{ word, rest }]
  })
const of = (text: string, word: string): string[] =>
  instructions(text).flatMap((one) => (one.word === word ? [one.rest] : []))

/** Files that its COPY takes, as they are named there; what other stages made is no file. */
const copied = (text: string): string[] =>
  of(text, 'COPY').flatMap((rest) => {
    const words = rest.split(' ')
    return words.some((word) => word.startsWith('--from='))
      ? []
      : words.filter((word) => !word.startsWith('--')).slice(0, -1)
  })

/** What is built into the context of the runner's image, and lies in no repository. */
const BUILT = ARCHITECTURES.map(programFor)

const wrongs = (name: string, text: string): string[] => [
  ...of(text, 'FROM').flatMap((from) =>
    from === 'scratch' || /^[a-z0-9./-]+:[\w.-]*\d+\.\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?( AS \w+)?$/.test(from)
      ? []
      : [`FROM ${from} names no one version`],
  ),
  ...(/^[1-9]\d*:[1-9]\d*$/.test(of(text, 'USER').at(-1) ?? '')
    ? []
    : ['runs as root, or as a name that a node cannot check']),
  ...copied(text).flatMap((source) => {
    const files =
      name === 'runner'
        ? ARCHITECTURES.map((one) => source.replace('${TARGETARCH}', one)).filter((one) => BUILT.includes(one))
        : globSync(source, { cwd: IMAGES })
    return files.length === (name === 'runner' ? BUILT.length : files.length) && files.length > 0
      ? []
      : [`${source} is not there`]
  }),
  ...(of(text, 'ADD').length > 0 ? ['ADD fetches and unpacks: say COPY'] : []),
  ...(/((secret|token|password|_key)\s*=|curl|wget|apt-get)/i.test(
    instructions(text)
      .map(({ rest }) => rest)
      .join('\n'),
  )
    ? ['fetches what no digest binds, or holds a secret']
    : []),
  ...of(text, 'RUN').flatMap((run) =>
    !run.startsWith('pip ') || / -r \/opt\/signalbox\/requirements\.txt$/.test(run)
      ? []
      : [`${run} installs what is not pinned`],
  ),
]

describe('the Dockerfiles of images/', () => {
  it.each(NAMES)('%s pins what it is made from, is nobody, and takes files that are there', (name) => {
    expect(wrongs(name, readFileSync(join(IMAGES, name, 'Dockerfile'), 'utf8'))).toEqual([])
  })

  it.each<[string, string, string]>([
    ['a tag that moves', 'FROM a/b:latest\nUSER 1:1', 'FROM a/b:latest names no one version'],
    ['no tag', 'FROM a/b\nUSER 1:1', 'FROM a/b names no one version'],
    ['a user that is root', 'FROM a/b:1.2.3\nUSER 0:0', 'runs as root, or as a name that a node cannot check'],
    ['no user', 'FROM scratch', 'runs as root, or as a name that a node cannot check'],
    ['a file that is not there', 'FROM scratch\nCOPY tools/lunch.py /\nUSER 1:1', 'tools/lunch.py is not there'],
    ['a secret', 'FROM scratch\nENV HF_TOKEN=abc\nUSER 1:1', 'fetches what no digest binds, or holds a secret'],
    [
      'a package by its name',
      'FROM scratch\nRUN pip install peft\nUSER 1:1',
      'pip install peft installs what is not pinned',
    ],
  ])('is told of %s', (_, text, wrong) => {
    expect(wrongs('tools', text)).toEqual([wrong])
  })

  it('what is installed is pinned to one version, and what several install to the same one', () => {
    const pins = NAMES.flatMap((name) => globSync(`${name}/requirements.txt`, { cwd: IMAGES }))
      .flatMap((file) => readFileSync(join(IMAGES, file), 'utf8').split('\n'))
      .filter((line) => line !== '' && !line.startsWith('#'))
    expect(pins.filter((pin) => !/^[a-z0-9-]+(\[[a-z,]+\])?==\d[\w.]*$/.test(pin))).toEqual([])
    const versions = Map.groupBy(new Set(pins), (pin) => pin.split('==')[0])
    expect([...versions.values()].filter((all) => all.length > 1)).toEqual([])
  })
})

it('every script that a preset runs is in an image', () => {
  const scripts = Object.keys(PRESETS)
    .map((name) => newest(name).command?.[1] ?? '')
    .filter((path) => path.startsWith('/opt/signalbox/'))
    .map((path) => path.slice('/opt/signalbox/'.length))
  expect(scripts.length).toBeGreaterThan(4)
  const there = globSync('{tools,scan,trainer-lora,drift}/*.py', { cwd: IMAGES }).map((file) => file.split('/')[1])
  expect(there).toEqual(expect.arrayContaining(scripts))
})
