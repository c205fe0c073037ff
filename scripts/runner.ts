import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const run = promisify(execFile)

/** Processors that nodes with GPUs have. */
export const ARCHITECTURES = ['amd64', 'arm64'] as const

/** A built program, and what it is known by. */
export interface BuiltRunner {
  file: string
  sha256: string
  bytes: number
}

/** What to do where there is no Go. */
export const NO_GO =
  'signalbox-run is not built: there is no Go on the PATH. Install Go 1.26 (https://go.dev/dl/), or take the binaries of a release'

/** Whether there is a Go. */
export const hasGo = (): Promise<boolean> =>
  run('go', ['version']).then(
    () => true,
    () => false,
  )

/**
 * Builds `signalbox-run` for Linux into `<out>/signalbox-run-linux-<processor>`, static, and the digests of all of them into
 * `<out>/sha256sums`. The same sources and the same Go give the same bytes.
 */
export const buildRunner = async ({
  out,
  architectures = ARCHITECTURES,
}: {
  out: string
  architectures?: readonly (typeof ARCHITECTURES)[number][]
}): Promise<BuiltRunner[]> => {
  if (!(await hasGo())) throw new Error(NO_GO)
  mkdirSync(out, { recursive: true })
  const built: BuiltRunner[] = []
  // One after the other: side by side they compile the same packages twice at a time.
  for (const architecture of architectures) {
    const file = join(out, `signalbox-run-linux-${architecture}`)
    await run('go', ['build', '-trimpath', '-buildvcs=false', '-ldflags=-s -w', '-o', file, '.'], {
      cwd: join(ROOT, 'runner'),
      env: { ...process.env, CGO_ENABLED: '0', GOOS: 'linux', GOARCH: architecture, GOTOOLCHAIN: 'local', GOFLAGS: '' },
    })
    const bytes = readFileSync(file)
    built.push({ file, sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length })
  }
  const sums = built.map(({ file, sha256 }) => `${sha256}  ${file.slice(out.length + 1)}\n`)
  writeFileSync(join(out, 'sha256sums'), sums.join(''))
  return built
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    for (const { file, sha256, bytes } of await buildRunner({ out: join(ROOT, 'runner/dist') }))
      console.log(`${file.slice(ROOT.length)}  ${(bytes / 1024 ** 2).toFixed(1)} MB  sha256:${sha256}`)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}
