import { parseArgs } from 'node:util'
import { assets, cacheDir } from '../local/rig/cache.ts'
import { type Rig, rigDown, rigs, rigUp } from '../local/rig/rig.ts'

const HELP = `npm run rig -- up|down|status [--name NAME] [--json]

A real control plane on this machine, as plain processes on loopback: etcd, kube-apiserver, -controller-manager,
-scheduler, kwok and Karpenter. Built once with Go (about 5 minutes on 2 cores), boots in about 4 seconds.

  up      boots a rig and prints its kubeconfig; it stays until \`down\`
  down    ends it and removes everything of it
  status  the rigs that there are, and what of each runs

  --name  several rigs stand side by side under names of their own (default: default)

Programs in KUBEBUILDER_ASSETS are taken in place of built ones. Built ones are kept in
$XDG_CACHE_HOME/signalbox or ~/.cache/signalbox, outside the repository.
`

const named = (name: string): Rig | undefined => rigs(cacheDir).find((rig) => rig.name === name)

const main = async (): Promise<number> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { name: { type: 'string', default: 'default' }, json: { type: 'boolean' }, help: { type: 'boolean' } },
  })
  const [command] = positionals
  const { name, json } = values
  if (values.help) {
    console.log(HELP)
    return 0
  }
  if (!/^[a-z0-9-]{1,40}$/.test(name)) throw new Error('--name: small letters, digits and dashes, at most 40')
  const say = (text: string, value: unknown): void => console.log(json ? JSON.stringify(value) : text)
  if (command === 'up') {
    const log = (line: string): void => console.error(line)
    const rig = await rigUp({ name, cacheDir, assets, log })
    say(`export KUBECONFIG=${rig.kubeconfig}`, { rig })
    return 0
  }
  if (command === 'down') {
    const rig = named(name)
    if (rig === undefined) throw new Error(`there is no rig named ${name}; \`npm run rig -- status\` lists them`)
    await rigDown(rig)
    say(`rig ${name} is gone`, { gone: name })
    return 0
  }
  if (command === 'status') {
    const all = rigs(cacheDir)
    const lines = all.map((rig) => `${rig.name}  ${rig.server}  runs: ${rig.running.join(', ') || 'nothing'}`)
    say(lines.join('\n') || 'there is no rig', { rigs: all })
    return 0
  }
  console.error(HELP)
  return 2
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(`rig: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
