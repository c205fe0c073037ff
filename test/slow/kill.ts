import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { V1Deployment } from '@kubernetes/client-node'
import { NODE_POOL } from '../../core/kube.ts'
import { budgetRoom, poolRoom } from '../../core/lane/room.ts'
import { label, laneOfLabel } from '../../core/names.ts'
import { gpusOf } from '../../core/planning/pod-gpus.ts'
import { parsePolicy } from '../../core/policy.ts'
import { everyLane } from '../../flows/lanes.ts'
import { everyRow, readRow } from '../../flows/rows.ts'
import { everyRun } from '../../flows/runs.ts'
import { virtualClock } from '../../local/clock.ts'
import { runUntil } from '../../local/drive.ts'
import { openHouse } from '../../local/house.ts'
import { fixedPolicies } from '../../local/policies/file-policies.ts'
import { fixedSecrets } from '../../local/secrets/local-secrets.ts'
import { openStores } from '../../local/stores.ts'
import { lane } from '../../scripts/lane.ts'
import config from '../../signalbox.config.ts'
import { EXPECTED, lanes, Player, type Product } from '../faults/player.ts'

/** 50 SIGKILLs of the real process during the tour, played over and over by people outside it; then everything is looked at. */
const KILLS = 50
const ROUNDS = 2
/** So slow that the tour is not over before the last kill, and so fast that the kills come in one chapter after another. */
const SPEED = '200'

/** A small linear congruential generator: the same moments at every run. */
const dice = (() => {
  let state = 20261123
  return (most: number): number => {
    state = (state * 1103515245 + 12345) % 2147483648
    return state % most
  }
})()

const dataDir = mkdtempSync(join(tmpdir(), 'signalbox-kill-'))

const start = async (): Promise<{ child: ChildProcess; product: Product }> => {
  rmSync(join(dataDir, 'running.json'), { force: true })
  const flags = ['start', '--port', '0', '--speed', SPEED, '--data', dataDir, '--json']
  const child = spawn(process.execPath, ['cli/signalbox.mjs', ...flags], { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise((resolve) => child.stdout?.once('data', resolve))
  const running = JSON.parse(readFileSync(join(dataDir, 'running.json'), 'utf8')) as { url: string; token: string }
  return { child, product: { ...running, dataDir } }
}

const kill = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })

/** The people do what is due until the time is over; what they cannot reach, they try again. */
const playFor = async (product: Product, player: Player, milliseconds: number): Promise<void> => {
  const end = performance.now() + milliseconds
  while (performance.now() < end && !player.done) {
    await player.play(product)
    await pause(15)
  }
}

await lane(async (check) => {
  const player = new Player(ROUNDS)
  try {
    await check(`${KILLS} SIGKILLs, ${ROUNDS} rounds of the tour: every chapter ends as without them`, async () => {
      const struck = new Set<number>()
      for (let n = 0; n < KILLS; n++) {
        const { child, product } = await start()
        // The kill comes at its own moment, in the middle of whatever the people do.
        const played = playFor(product, player, 2000).catch(() => undefined)
        await pause(50 + dice(700))
        await kill(child)
        await played
        struck.add(player.ended.length)
      }
      if (player.done) throw new Error('the tour was over before the last kill: slow it down')
      if (struck.size < 3) throw new Error('the kills all came in the first chapters: speed it up')
      const { child, product } = await start()
      try {
        await playFor(product, player, 120_000)
        if (!player.done) throw new Error(`after 120 s: ${JSON.stringify(await lanes(product))}`)
      } finally {
        await kill(child)
      }
      const expected = Array.from({ length: ROUNDS }, () => EXPECTED).flat()
      if (JSON.stringify(player.ended) !== JSON.stringify(expected)) throw new Error(JSON.stringify(player.ended))
    })
    const stores = openStores(dataDir)
    const clock = virtualClock(Number(readFileSync(join(dataDir, 'clock'), 'utf8')) + 86_400_000)
    const secrets = fixedSecrets({
      'mlflow-webhook': 'a',
      'alert-webhook': 'test-alerts',
      'slack-signing': 'b',
      token: 'c',
    })
    const policy = parsePolicy(config)
    const house = await openHouse({ stores, policies: fixedPolicies(policy), secrets, clock })
    const { ledger, cluster } = house.ports
    const docs = await everyLane(ledger)
    const runs = await everyRun(ledger, clock.now())
    const serving = ((await cluster.list('Deployment')) as V1Deployment[]).filter(({ spec }) => spec?.replicas !== 0)
    // What stands is held for as long as it stands, by the lane that is written on it.
    const stands = serving.map(({ metadata, spec }) => ({
      lane: laneOfLabel(metadata?.labels?.[label('lane')] ?? ''),
      pool: spec?.template.spec?.nodeSelector?.[NODE_POOL] ?? '',
      amount: (spec?.replicas ?? 0) * gpusOf(spec?.template.spec?.containers),
    }))
    await check('every run has its outcome, what stands alone is held, and nobody waits for anything', async () => {
      const open = runs.filter(({ outcome, run }) => outcome === null || run.hold !== null)
      const resting = docs.filter(({ run, rest }) => run !== null || (rest?.why !== 'done' && rest?.why !== 'parked'))
      if (open.length + resting.length > 0) throw new Error(JSON.stringify({ open, resting }))
      for (const room of [...Object.keys(policy.pools).map(poolRoom), budgetRoom(policy.budget.name)]) {
        const sum = (await readRow(ledger, 'sum', room))?.value.n ?? 0
        const holds = (await everyRow(ledger, 'hold', `${room}#`)).map(({ value }) => value)
        const line = await everyRow(ledger, 'line', `${room}#`)
        const due = stands.filter(({ pool }) => poolRoom(pool) === room)
        const held = JSON.stringify(holds) === JSON.stringify(due.map(({ lane, amount }) => ({ lane, amount })))
        if (!held || sum !== due.reduce((n, { amount }) => n + amount, 0) || line.length > 0)
          throw new Error(`${room}: ${sum} held, ${JSON.stringify({ holds, line, due })}`)
      }
    })
    await check('each step made one Job: the one whose uid it remembers', async () => {
      const made = runs.flatMap(({ run }) => run.steps.flatMap((step) => (step.made === null ? [] : [step.made])))
      for (const { ref, uid } of made) {
        const found = await cluster.get(ref)
        if (found !== null && found.metadata.uid !== uid) throw new Error(`${ref.name} is another one`)
      }
      const known = new Set(made.map(({ uid }) => uid))
      const strangers = (await cluster.list('Job')).filter(({ metadata }) => !known.has(metadata.uid ?? ''))
      if (strangers.length > 0) throw new Error(`orphans: ${strangers.map(({ metadata }) => metadata.name).join(', ')}`)
    })
    await check('each plan has one card', async () => {
      const keys = (await house.cards()).map(({ key }) => key)
      if (new Set(keys).size < keys.length) throw new Error(keys.join(', '))
    })
    await check('each dataset trained on is one registered version', async () => {
      const answer = await house.mlflow('GET', 'model-versions/search', { filter: "name='support-llama'" })
      const versions = (answer.body['model_versions'] ?? []) as { source: string }[]
      const ours = versions.filter(({ source }) => !source.includes('/worse-'))
      if (ours.length !== ROUNDS) throw new Error(`${ours.length} versions of ${ROUNDS} datasets`)
    })
    await check('one generation is served: the last that passed its gate', async () => {
      if (serving.length !== 1) throw new Error(`served by ${serving.map(({ metadata }) => metadata?.name).join(', ')}`)
      console.log(`  ${runs.length} runs, ${KILLS + 1} kills`)
    })
    await check('every letter was answered, and everything was told', async () => {
      // What the last kill left is due: a minute's tick finds it.
      await runUntil(house, clock, { done: async () => false, atMost: 600_000 })
      for (const { lane: of } of docs)
        for (const kind of ['look', 'order', 'out'] as const) {
          const left = await ledger.list(kind, { prefix: `${of}#` })
          if (left.length > 0) throw new Error(`${of}: ${JSON.stringify(left)}`)
        }
      const due = await ledger.due(Number.MAX_SAFE_INTEGER)
      if (due.length > 0) throw new Error(`due: ${JSON.stringify(due)}`)
    })
    await house.close()
    stores.close()
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
})
