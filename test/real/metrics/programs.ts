import { execFile } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { goEnvironment, moduleAt } from '../../../local/rig/binaries.ts'
import { cacheDir } from '../../../local/rig/cache.ts'
import { alone } from '../alone.ts'

const PROMETHEUS = {
  module: 'github.com/prometheus/prometheus',
  // 3.15.0, which Go as old as the rig's builds.
  version: 'v0.315.0',
  // Clouds in which it might find what to scrape, and their SDKs, are half of it.
  tags: ['remove_all_sd'],
}

/** Each program of its own module: with the versions and checksums that this has, which are not the control plane's. */
const PROGRAMS = {
  prometheus: { ...PROMETHEUS, from: './cmd/prometheus', pages: null, seconds: 150 },
  promtool: { ...PROMETHEUS, from: './cmd/promtool', pages: null, seconds: 60 },
  alertmanager: {
    module: 'github.com/prometheus/alertmanager',
    version: 'v0.34.0',
    tags: [],
    from: './cmd/alertmanager',
    // Modules come without what a page is built to, and it is not built without it.
    pages: 'ui/app/dist',
    seconds: 60,
  },
} as const satisfies Record<string, { tags: readonly string[]; [more: string]: unknown }>
export type MetricsProgram = keyof typeof PROGRAMS

/** The path of a program, built once for all of a person's clones. */
export const programOf = (name: MetricsProgram): Promise<string> =>
  alone(join(cacheDir, `${name}.building`), async () => {
    const { module, version, seconds } = PROGRAMS[name]
    const folder = join(cacheDir, `metrics-${process.platform}-${process.arch}`)
    const to = join(folder, `${name}-${version}`)
    if (existsSync(to)) return to
    console.log(`building ${name}, once; about ${seconds} s on 2 cores`)
    mkdirSync(folder, { recursive: true })
    await built(name, { from: await moduleAt(module, version), to })
    return to
  })

/** Written aside and renamed: a build that is cut off leaves nothing that looks built. */
const built = async (name: MetricsProgram, { from, to }: { from: string; to: string }): Promise<void> => {
  const { pages, tags, from: main } = PROGRAMS[name]
  const [aside, copy] = [`${to}.${process.pid}`, `${to}.source.${process.pid}`]
  const cwd = pages === null ? from : withPages(from, { copy, pages })
  try {
    const args = ['build', '-trimpath', '-ldflags', '-s -w', `-tags=${tags.join(',')}`, '-o', aside, main]
    // What its workspace names besides did not come with it.
    await promisify(execFile)('go', args, { cwd, env: { ...goEnvironment(), GOWORK: 'off' } })
    renameSync(aside, to)
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

/** A copy of a module, which nobody may write to, with an empty page. */
const withPages = (from: string, { copy, pages }: { copy: string; pages: string }): string => {
  cpSync(from, copy, { recursive: true })
  writable(copy)
  mkdirSync(join(copy, pages), { recursive: true })
  writeFileSync(join(copy, pages, 'index.html'), '')
  return copy
}

const writable = (path: string): void => {
  const isFolder = statSync(path).isDirectory()
  chmodSync(path, isFolder ? 0o755 : 0o644)
  if (isFolder) for (const name of readdirSync(path)) writable(join(path, name))
}
