import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, inject, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { loadKubeconfig } from '../../../effects/cluster/kubeconfig.ts'
import { openKubernetesCluster } from '../../../effects/cluster/kubernetes-cluster.ts'
import { openRequests } from '../../../effects/cluster/requests.ts'
import type { Running } from '../../../local/main.ts'
import { seeded } from '../proxy.ts'
import { clear, furnish } from '../real-town.ts'
import { eventFor, LANES, manyDatasets, shuffled } from './many.ts'

const DELIVERIES = 10_000
const KILLS = 20
const SIDE_BY_SIDE = 16

const layDown = (dataDir: string, name: string): string => {
  const folder = join(dataDir, 'buckets/acme-datasets', name, 'one')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'part-0.jsonl'), '{"a":1}')
  const objects = [{ key: `${name}/one/part-0.jsonl`, size: 7 }]
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ version: 1, objects }))
  return `${name}/one/manifest.json`
}

const startChild = async (dataDir: string, configFile: string): Promise<{ child: ChildProcess; running: Running }> => {
  const file = join(dataDir, 'running.json')
  rmSync(file, { force: true })
  const flags = [
    'start',
    '--kubeconfig',
    inject('kubeconfig'),
    '--config',
    configFile,
    '--data',
    dataDir,
    '--port',
    '0',
  ]
  const child = spawn(process.execPath, ['cli/signalbox.mjs', ...flags], { stdio: ['ignore', 'ignore', 'inherit'] })
  while (!existsSync(file)) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`)
    await pause(20)
  }
  await pause(20)
  return { child, running: JSON.parse(readFileSync(file, 'utf8')) as Running }
}

const kill = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })

/** Whether it was taken: an answer that did not come is a delivery to be repeated, as EventBridge does. */
const deliver = ({ url, token }: Running, key: string): Promise<boolean> =>
  fetch(`${url}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(eventFor(key)),
  }).then(
    async (answer) => (await answer.text()) !== '' && answer.ok,
    () => false,
  )

it('10,000 deliveries and 20 SIGKILLs in between: each upload became one run, each step one Job, nothing is left over', async () => {
  const config = manyDatasets(`kills-${process.pid}`)
  const policy = parsePolicy(config)
  const requests = await openRequests(loadKubeconfig({ file: inject('kubeconfig') }))
  await furnish(requests, policy)
  const cluster = await openKubernetesCluster(loadKubeconfig({ file: inject('kubeconfig') }), { watched: ['Job'] })
  const made = new Set<string | undefined>()
  await cluster.watch({ labels: { 'signalbox.dev/installation': policy.installation } }, ({ object }) => {
    made.add(object.metadata.uid)
  })
  const dataDir = mkdtempSync(join(tmpdir(), 'signalbox-kills-'))
  const configFile = join(dataDir, 'config.mjs')
  writeFileSync(configFile, `export default ${JSON.stringify(config)}`)
  const keys = Object.keys(policy.pipelines).map((name) => layDown(dataDir, name))
  const random = seeded(5)
  const left = shuffled(keys, Math.ceil(DELIVERIES / LANES), random)
  let [taken, repeated, kills] = [0, 0, 0]
  let product = await startChild(dataDir, configFile)
  const work = async (until: () => boolean): Promise<void> => {
    while (!until()) {
      const key = left.pop()
      if (key === undefined) return
      if (await deliver(product.running, key)) taken++
      else {
        repeated++
        left.unshift(key)
      }
    }
  }
  while (left.length > 0) {
    // The moments are seeded by how much was delivered, so that kills fall into all of the story.
    const stopAt = kills < KILLS ? taken + 50 + Math.floor(random() * ((2 * DELIVERIES) / (KILLS + 2))) : Infinity
    let dead = false
    const working = Promise.all(Array.from({ length: SIDE_BY_SIDE }, () => work(() => dead)))
    while (taken < stopAt && left.length > 0) await pause(5)
    if (kills < KILLS) {
      kills++
      // In the middle of deliveries: what is under way is cut off.
      await kill(product.child)
      dead = true
      await working
      product = await startChild(dataDir, configFile)
    } else await working
  }
  const asked = async <T>(path: 'lanes' | 'plans'): Promise<T[]> =>
    ((await (await fetch(`${product.running.url}/api/${path}`)).json()) as Record<string, T[]>)[path] ?? []
  // The pool's own lane is at rest among them.
  const lanes = async () =>
    (await asked<{ lane: string; state: string; generation: number; attempt: number; run: unknown }>('lanes')).filter(
      ({ lane }) => lane.startsWith('pipeline/'),
    )
  for (const end = Date.now() + 150_000; Date.now() < end; await pause(500))
    if ((await lanes()).every(({ state, run }) => state === 'succeeded' && run === null)) break
  const done = { state: 'succeeded', generation: 1, attempt: 1, run: null }
  expect(await lanes()).toEqual(Array.from({ length: LANES }, () => expect.objectContaining(done)))
  expect(await asked('plans')).toHaveLength(LANES)
  await kill(product.child)
  const jobs = (await cluster.list('Job', {
    labels: { 'signalbox.dev/installation': policy.installation },
  })) as KubeObject<'Job'>[]
  console.log(
    `${taken} deliveries taken, ${repeated} cut off and repeated, ${kills} SIGKILLs: ${made.size} Jobs ever made for ${LANES} uploads of 2 steps`,
  )
  expect(made.size).toBe(2 * LANES)
  expect(jobs.map(({ metadata }) => metadata.labels?.['signalbox.dev/generation'])).toEqual(
    Array.from({ length: 2 * LANES }, () => '1'),
  )
  await cluster.close()
  await clear(requests, policy)
  await requests.close()
  rmSync(dataDir, { recursive: true, force: true })
}, 900_000)
