import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { type Build, buildsOf, OWN_IMAGES, type OwnName } from '../../core/images/builds.ts'
import { wantedImages } from '../../core/images/places.ts'
import { printReference, taggedReference } from '../../core/images/reference.ts'
import { programFor } from '../../core/workloads/runner.ts'
import { readWritten } from '../../local/policies/file-policies.ts'
import { columns, EXIT, Explained, type Output, show } from '../output.ts'
import { pin } from './pin.ts'

interface ImageFlags {
  config: string
  tag: string
  only?: string[]
  push: boolean
  print?: boolean
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const NAMES = Object.keys(OWN_IMAGES) as OwnName[]

const ABOUT =
  'build the images of images/ and push them to a registry of yours; what the policy names of them is pinned'

/** The command; `dockerConfig` is the folder that Docker keeps logins in, where the environment names one. */
export const addImages = (
  add: (name: string, about: string) => Command,
  { output, done, dockerConfig }: { output: Output; done: (code: number) => void; dockerConfig: string | undefined },
): void => {
  add('images', ABOUT)
    .argument('<registry>', 'where they go, as in `ghcr.io/acme`')
    .option('--tag <tag>', 'their tag', '1.0.0')
    .option('--only <name...>', `these alone, of ${NAMES.join(', ')}`)
    .option('--no-push', 'build them, and push nothing')
    .option('--print', 'print the commands, and run none')
    .option('--config <file>', 'the policy', 'signalbox.config.ts')
    .action(async (registry: string, flags: ImageFlags) =>
      done(await images(registry, flags, { output, dockerConfig })),
    )
}

const images = async (
  registry: string,
  flags: ImageFlags,
  { output, dockerConfig }: { output: Output; dockerConfig: string | undefined },
): Promise<number> => {
  const builds = buildsOf(namesIn(flags), { registry, tag: flags.tag, push: flags.push })
  for (const { image } of builds)
    if (wholeName(image) === null)
      throw new Explained(`${image} is no name of an image: a registry is as in \`ghcr.io/acme\``, EXIT.usage)
  if (flags.print) {
    show(output, builds, builds.map(({ args }) => `docker ${args.join(' ')}`).join('\n'))
    return EXIT.ok
  }
  requirePrograms(builds)
  if ((await docker(['buildx', 'version'], 'ignore')) !== 0) throw new Explained(NO_BUILDX)
  const made: { image: string; digest: string | null }[] = []
  for (const [index, build] of builds.entries()) {
    output.err(`${index + 1} of ${builds.length}  ${build.image}`)
    made.push({ image: build.image, digest: await built(build) })
  }
  const end = flags.push ? await pinned(builds, flags, { output, dockerConfig }) : EXIT.ok
  const table = columns(made.map(({ image, digest }) => [flags.push ? 'pushed' : 'built', image, digest ?? '']))
  show(output, { images: made, pushed: flags.push, good: end === EXIT.ok }, table)
  return end
}

/** However it is spelled; null: it is no name. */
const wholeName = (image: string): string | null => {
  const reference = taggedReference(image)
  return reference === null ? null : printReference(reference)
}

const namesIn = ({ only }: ImageFlags): OwnName[] => {
  const unknown = only?.find((name) => !Object.hasOwn(OWN_IMAGES, name))
  if (unknown !== undefined)
    throw new Explained(`--only: there is no ${unknown}; there are ${NAMES.join(', ')}`, EXIT.usage)
  return only === undefined ? NAMES : NAMES.filter((name) => only.includes(name))
}

/** What an image is made of that is built first is there. */
const requirePrograms = (builds: readonly Build[]): void => {
  const missing = ['amd64', 'arm64']
    .map((one) => `runner/dist/${programFor(one)}`)
    .find((one) => !existsSync(join(ROOT, one)))
  if (missing !== undefined && builds.some(({ name }) => name === 'runner'))
    throw new Explained(`${missing} is not built: \`npm run build:runner\` makes it, with Go; --only leaves it out`)
}

/** Builds it, what the builder says on stderr; the digest that it has, null where nobody said. */
const built = async ({ name, image, args }: Build): Promise<string | null> => {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-images-'))
  const file = join(folder, 'metadata.json')
  try {
    const end = await docker([...args.slice(0, 2), `--metadata-file=${file}`, ...args.slice(2)])
    if (end === 'interrupted') throw new Explained(`interrupted: ${image} is not built`, EXIT.interrupted)
    if (end !== 0)
      throw new Explained(
        `${image}: docker ended with ${end}, and says above why: \`docker login\` where it was refused; --only ${name} builds it alone`,
      )
    return digestIn(file)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const digestIn = (file: string): string | null => {
  if (!existsSync(file)) return null
  const digest = (JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>)['containerimage.digest']
  return typeof digest === 'string' ? digest : null
}

const ELSEWHERE = 'install it (https://docs.docker.com/engine/install/), or run elsewhere what --print prints'
const NO_DOCKER = `there is no \`docker\` on the PATH, which needs buildx too: ${ELSEWHERE}`
const NO_BUILDX = `this \`docker\` has no buildx: ${ELSEWHERE}`

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** Runs docker to its end: its exit code, or that somebody wanted it to end. */
const docker = (args: readonly string[], says: 'ignore' | 2 = 2): Promise<number | 'interrupted'> =>
  new Promise((resolve, reject) => {
    let interrupted = false
    // Its words are no output of ours, which may be JSON.
    const child = spawn('docker', args, { cwd: ROOT, stdio: ['ignore', says, says] })
    const stop = (signal: NodeJS.Signals): void => {
      interrupted = true
      child.kill(signal)
    }
    for (const signal of SIGNALS) process.on(signal, stop)
    const over = (): void => {
      for (const signal of SIGNALS) process.off(signal, stop)
    }
    child.on('error', (error) => {
      over()
      reject((error as NodeJS.ErrnoException).code === 'ENOENT' ? new Explained(NO_DOCKER) : error)
    })
    child.on('close', (code) => {
      over()
      resolve(interrupted ? 'interrupted' : (code ?? EXIT.failed))
    })
  })

/** Of what was pushed, what the policy names is pinned. A policy that is not there, or names none of it yet, is told how. */
const pinned = async (
  builds: readonly Build[],
  { config }: ImageFlags,
  { output, dockerConfig }: { output: Output; dockerConfig: string | undefined },
): Promise<number> => {
  const wanted = await readWritten(config).then(wantedImages, () => [])
  const names = new Set(wanted.map((one) => one.image))
  const image = builds.map((build) => build.image).filter((one) => names.has(wholeName(one) ?? ''))
  if (image.length > 0) return pin({ config, image }, dockerConfig, { ...output, out: output.err, json: false })
  output.err(
    `${config} names none of these by tag yet: once it does, \`npx signalbox pin\` writes their digests beside it`,
  )
  return EXIT.ok
}
