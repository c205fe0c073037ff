import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parsePolicy } from '../../core/policy.ts'
import { virtualClock } from '../../local/clock.ts'
import { openHouse } from '../../local/house.ts'
import { fixedPolicies } from '../../local/policies/file-policies.ts'
import { fixedSecrets } from '../../local/secrets/local-secrets.ts'
import { openStores } from '../../local/stores.ts'
import { lane } from '../../scripts/lane.ts'
import config from '../../signalbox.config.ts'

/** 50 SIGKILLs of the real process while datasets are uploaded, trained on and registered; then everything is looked at. */
const KILLS = 50
const UPLOADS = 10
const LANE = 'train/support-chats'

/** A small linear congruential generator: the same moments at every run. */
const dice = (() => {
  let state = 20261123
  return (most: number): number => {
    state = (state * 1103515245 + 12345) % 2147483648
    return state % most
  }
})()

const dataDir = mkdtempSync(join(tmpdir(), 'signalbox-kill-'))
const policy = { ...config, approvals: { ...config.approvals, autoApproveBelow: 1e9 } }
const configFile = join(dataDir, 'policy.mjs')
writeFileSync(configFile, `export default ${JSON.stringify(policy)}`)

const start = async (): Promise<{ child: ChildProcess; url: string }> => {
  rmSync(join(dataDir, 'running.json'), { force: true })
  const flags = ['start', '--port', '0', '--speed', '1200', '--data', dataDir, '--config', configFile, '--json']
  const child = spawn(process.execPath, ['cli/signalbox.mjs', ...flags], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await new Promise<Buffer>((resolve) => child.stdout?.once('data', resolve))).toString().split('\n')
  const text = readFileSync(join(dataDir, 'running.json'), 'utf8')
  return { child, url: (JSON.parse(text) as { url: string }).url ?? line }
}

const kill = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })

const upload = (day: number): void => {
  const folder = join(dataDir, `buckets/acme-datasets/support-chats/day-${day}`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'part-0.jsonl'), `{"day":${day}}`)
  const size = `{"day":${day}}`.length
  writeFileSync(
    join(folder, 'manifest.json'),
    JSON.stringify({ version: 1, objects: [{ key: `support-chats/day-${day}/part-0.jsonl`, size }] }),
  )
}

const lanes = async (url: string): Promise<{ lane: string; state: string; desired: { key: string } | null }[]> =>
  (
    (await (await fetch(`${url}/api/lanes`)).json()) as {
      lanes: { lane: string; state: string; desired: { key: string } | null }[]
    }
  ).lanes

await lane(async (check) => {
  try {
    await check(`${KILLS} SIGKILLs, ${UPLOADS} uploads: the last dataset is trained on in the end`, async () => {
      for (let n = 0; n < KILLS; n++) {
        if (n % (KILLS / UPLOADS) === 0) upload(n / (KILLS / UPLOADS))
        const { child } = await start()
        await pause(50 + dice(700))
        await kill(child)
      }
      const { child, url } = await start()
      try {
        for (let tries = 0; ; tries++) {
          const row = (await lanes(url)).find((candidate) => candidate.lane === LANE)
          if (row?.state === 'succeeded' && row.desired?.key.includes(`day-${UPLOADS - 1}/`)) break
          if (tries > 600) throw new Error(`after 120 s: ${JSON.stringify(row)}`)
          await pause(200)
        }
      } finally {
        await kill(child)
      }
    })
    const stores = openStores(dataDir)
    const clock = virtualClock(Number(readFileSync(join(dataDir, 'clock'), 'utf8')) + 86_400_000)
    const secrets = fixedSecrets({ 'mlflow-webhook': 'a', 'slack-signing': 'b', token: 'c' })
    const house = await openHouse({ stores, policies: fixedPolicies(parsePolicy(policy)), secrets, clock })
    const runs = (await house.ports.ledger.list('run', { limit: 1000 })).map(({ value }) => value)
    await check('every run has its outcome, and holds nothing', () => {
      const open = runs.filter(({ outcome, hold }) => outcome === null || hold !== null)
      if (open.length > 0) throw new Error(JSON.stringify(open))
    })
    await check('each step made one Job: the one whose uid it remembers', async () => {
      for (const { object } of runs.flatMap(({ steps }) => steps)) {
        const found = object === null ? null : await house.ports.cluster.get(object.ref)
        if (object !== null && found !== null && found.metadata.uid !== object.uid)
          throw new Error(`${object.ref.name} is another one`)
      }
      const known = new Set(
        runs.flatMap(({ steps }) => steps.flatMap(({ object }) => (object === null ? [] : [object.uid]))),
      )
      const strangers = (await house.ports.cluster.list('Job')).filter(({ metadata }) => !known.has(metadata.uid ?? ''))
      if (strangers.length > 0) throw new Error(`orphans: ${strangers.map(({ metadata }) => metadata.name).join(', ')}`)
    })
    await check('each successful run registered one version', async () => {
      const answer = await house.registry.rest('GET', 'model-versions/search', { filter: "name='support-llama'" })
      const versions = (answer.body['model_versions'] ?? []) as unknown[]
      const good = runs.filter(({ steps }) =>
        steps.some(({ kind, state }) => kind === 'register-model' && state === 'done'),
      )
      if (versions.length !== good.length) throw new Error(`${versions.length} versions of ${good.length} runs`)
      console.log(`  ${runs.length} runs, ${good.length} registered, ${KILLS + 1} kills`)
    })
    await house.close()
    stores.close()
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
})
