import { spawn } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { bootstrapManifests } from '../../core/bootstrap/manifests.ts'
import { type Policy, parsePolicy } from '../../core/policy.ts'
import { counted } from '../../core/text.ts'
import { loadKubeconfig } from '../../effects/cluster/kubeconfig.ts'
import { applyManifest } from '../../effects/cluster/manifests.ts'
import { openRequests } from '../../effects/cluster/requests.ts'
import { NotOurs } from '../../flows/claim.ts'
import { Renamed } from '../../flows/in-force.ts'
import { NotFurnished } from '../../local/cluster/furnished.ts'
import { clusterDoors } from '../../local/doors.ts'
import { FolderTaken } from '../../local/folder-lock.ts'
import { type Product, type RealStart, startProduct } from '../../local/main.ts'
import { FolderOpen } from '../../local/own-folder.ts'
import { readConfig, readUnpinned } from '../../local/policies/file-policies.ts'
import { pinFor } from '../../local/policies/lock-file.ts'
import { assets, cacheDir } from '../../local/rig/cache.ts'
import { NODE_CLASS } from '../../local/rig/contents.ts'
import { type Rig, rigDown, rigUp } from '../../local/rig/rig.ts'
import { triesUnder } from '../../local/tries.ts'
import { EXIT, Explained, type Output } from '../output.ts'
import { DATA } from '../typed.ts'

export interface StartFlags {
  port: string
  data: string
  config: string
  speed: string
  open?: boolean
  rig?: boolean
  context?: string
  kubeconfig?: string
  namespace?: string
  mlflow?: string
  prometheus?: string
  adopt?: boolean
}

/** Runs the product until Ctrl-C. */
export const start = async (flags: StartFlags, version: string, output: Output): Promise<number> => {
  const port = whole('--port', flags.port, 65535)
  const speed = Number(flags.speed)
  if (!(speed > 0 && speed <= 100_000))
    throw new Explained('--speed is a number of virtual seconds a second, more than 0', EXIT.usage)
  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
  const real = realOf(flags, speed)
  const rig = flags.rig ? await bootRig(flags, output) : null
  try {
    const cluster = rig === null ? real : { ...real, kubeconfig: rig.kubeconfig }
    // A rig is a new cluster each time: unless a folder is named, what is remembered goes with it.
    const data = rig !== null && flags.data === DATA ? join(rig.dir, 'data') : flags.data
    const options = {
      port,
      dataDir: data,
      configFile: flags.config,
      speed,
      version,
      cluster,
      mlflow: urlOf(flags, 'mlflow'),
      prometheus: urlOf(flags, 'prometheus'),
      adopt: flags.adopt,
    }
    const product = await startProduct(options).catch((error: unknown) => {
      throw explained(error, port)
    })
    for (const line of await noticed(product, flags, cluster === undefined)) output.err(line)
    const at = { url: product.url, data, speed, ...(rig === null ? {} : { kubeconfig: rig.kubeconfig }) }
    output.out(
      output.json
        ? JSON.stringify(at)
        : welcome(product.page, await product.house.ports.policies.load(), { ...flags, data }),
    )
    if (rig !== null && !output.json) output.out(`\nA real control plane: export KUBECONFIG=${rig.kubeconfig}`)
    if (flags.open) openBrowser(pageFile(data, product.page))
    await interrupted
    await product.close()
    return EXIT.ok
  } finally {
    if (rig !== null) await rigDown(rig)
  }
}

/** What a person should know of what was taken: a folder that was open to others, and images that nobody has pinned, since this cluster runs none. */
const noticed = async ({ closed }: Product, { config }: StartFlags, isSimulated: boolean): Promise<string[]> => {
  // The file was read a moment ago: what became of it since is told by who reads it next.
  const left = isSimulated ? await readUnpinned(config).catch(() => []) : []
  const taken = `${counted(left.length, 'image')} by tag that nobody has pinned: the simulated cluster takes them, a real one does not before \`${pinFor(config)}\``
  return [...(closed === null ? [] : [closed]), ...(left.length === 0 ? [] : [taken])]
}

const explained = (error: unknown, port: number): unknown => {
  if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE')
    return new Explained(`port ${port} is taken: choose another with --port, or 0 for any free one`)
  const isExplained = [NotFurnished, FolderTaken, FolderOpen, NotOurs, Renamed].some((kind) => error instanceof kind)
  return isExplained ? new Explained((error as Error).message) : error
}

/** The real cluster that the flags name, if they name one. */
const realOf = ({ rig, context, kubeconfig, namespace }: StartFlags, speed: number): RealStart | undefined => {
  const named = context !== undefined || kubeconfig !== undefined
  const wrong = [
    [rig && named, '--rig brings a cluster of its own: leave --context and --kubeconfig out'],
    [!rig && !named && namespace !== undefined, '--namespace is for a real cluster: name it with --context, or --rig'],
    [(rig || named) && speed !== 1, '--speed: a real cluster has real time'],
  ].find(([is]) => is)
  if (wrong !== undefined) throw new Explained(String(wrong[1]), EXIT.usage)
  if (named) expectContext({ kubeconfig, context })
  return rig || named ? { kubeconfig, context, namespace } : undefined
}

/** What a server that flags name is, with an address as an example. */
const SERVERS = {
  mlflow: { is: 'the tracking server', like: 'http://127.0.0.1:5000', called: 'registry' },
  prometheus: { is: 'Prometheus', like: 'http://127.0.0.1:9090', called: 'Prometheus' },
}

/** The server that the flags name: its answers are about now, so time is real. */
const urlOf = (flags: StartFlags, name: keyof typeof SERVERS): string | undefined => {
  const { [name]: url, speed } = flags
  if (url === undefined) return undefined
  const { is, like, called } = SERVERS[name]
  if (!URL.canParse(url) || !/^https?:/.test(url))
    throw new Explained(`--${name} is ${is}'s URL, e.g. ${like}, not ${url}`, EXIT.usage)
  if (speed !== '1') throw new Explained(`--speed: a real ${called} has real time`, EXIT.usage)
  return url
}

/** A name that is none is told before anything starts. */
const expectContext = ({ kubeconfig, context }: RealStart): void => {
  try {
    loadKubeconfig({ ...(kubeconfig ? { file: kubeconfig } : {}), ...(context ? { context } : {}) })
  } catch (error) {
    throw new Explained(error instanceof Error ? error.message : String(error))
  }
}

/** A rig of this process alone, with everything that `bootstrap` applies. */
const bootRig = async ({ config, namespace }: StartFlags, output: Output): Promise<Rig> => {
  const policy = parsePolicy(await readConfig(config))
  const namespaces = namespace === undefined ? policy.namespaces : { training: namespace, serving: namespace }
  const log = (line: string): void => output.err(line)
  const rig = await rigUp({ name: `start-${process.pid}`, cacheDir, assets, owner: process.pid, log }).catch(
    (error: unknown) => {
      throw new Explained(error instanceof Error ? error.message : String(error))
    },
  )
  const requests = await openRequests(loadKubeconfig({ file: rig.kubeconfig }))
  for (const manifest of bootstrapManifests({ ...policy, namespaces }, clusterDoors, NODE_CLASS))
    await applyManifest(requests, manifest)
  await requests.close()
  return rig
}

/** What is printed once the product runs: what to try is what this policy can begin. */
export const welcome = (url: string, policy: Policy, { data, speed, rig }: StartFlags): string => {
  const { samples, sentences, lane } = triesUnder(policy, data)
  const played = [
    'Press Tour there, or `npx signalbox tour` plays the story in the terminal.',
    `npx signalbox emit dataset-uploaded/base${where(data)}
     an S3 event through the real door; a small dataset is laid down for it`,
  ]
  const begins = [...(samples ? played : []), ...sentences.map((text) => text.replaceAll('`', ''))]
  const looks =
    lane === null
      ? 'The policy has neither `pipelines` nor `services`, so nothing can begin: add one, and start again.'
      : `npx signalbox plans${where(data)}
     what it came to; then: npx signalbox why ${lane}${where(data)}`
  const tries = [...begins, looks].map((text, index) => `  ${index + 1}. ${text}`)
  return `Signalbox is ready: ${url}
Data in ${data} · ${speed === '1' ? 'real time' : `${speed} virtual seconds a second`} · Ctrl-C stops it; ${rig && data !== DATA ? 'the control plane goes with it' : 'nothing is lost'}.
Open that address: whoever has it may approve, and other users of this machine have not.

To try:
${tries.join('\n')}`
}

const where = (data: string): string => (data === DATA ? '' : ` --data ${data}`)

const whole = (flag: string, text: string, most: number): number => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0 || value > most)
    throw new Explained(`${flag} is a whole number from 0 to ${most}, not ${text}`, EXIT.usage)
  return value
}

/** A file of ours alone that leads to the page: others on this machine see what is opened, and may not see the address. */
const pageFile = (data: string, page: string): string => {
  const file = join(resolve(data), 'page.html')
  rmSync(file, { force: true })
  writeFileSync(file, `<!doctype html><meta http-equiv="refresh" content="0; url=${page}">`, { mode: 0o600 })
  return file
}

/** Best effort: the address is printed either way. */
const openBrowser = (url: string): void => {
  const command = process.platform === 'darwin' ? 'open' : process.platform === 'win32' ? 'explorer' : 'xdg-open'
  spawn(command, [url], { stdio: 'ignore', detached: true })
    .on('error', () => undefined)
    .unref()
}
