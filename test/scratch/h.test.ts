import { afterEach, it } from 'vitest'
import type { Ports } from '../../flows/ports.ts'
import example from '../../signalbox.config.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import type { KubeObject } from '../../core/kube.ts'
import { readRow } from '../../flows/rows.ts'
import { HOUR, MINUTE, MODEL, SERVE, SLOW, looseEnds, replicasOf, say, served, timeline } from '../journeys/scenes.ts'
import { openStores, type Stores } from '../../local/stores.ts'
import { openTown, type Town } from '../journeys/town.ts'
let town: Town
let stores: Stores
afterEach(() => town.close())
let flap: { way: string; name: string; gen: number; lasts: number; ready?: number } | null = null
let from: number | null = null
const isUnready = async ({ ledger, clock }: Ports) => {
  if (flap === null) return false
  const run = (await readRow(ledger, 'lane', SERVE))?.value.run
  if (run?.steps.some((m) => m.name === flap?.name && m.way === flap?.way && m.state === 'running')) from ??= clock.now()
  return from !== null && clock.now() <= from + flap.lasts
}
const bend = (o: any): any => o.kind === 'Deployment' && o.metadata.labels?.['signalbox.dev/generation'] === String(flap?.gen) ? ({ ...o, status: { replicas: 1, readyReplicas: flap?.ready ?? 0 } } as KubeObject) : o
const wrap = (ports: Ports): Ports => { const { cluster } = ports; const list = cluster.list.bind(cluster); cluster.list = (async (k: never, w: never) => { const f = await list(k, w); return (await isUnready(ports)) ? f.map(bend as never) : f }) as never; return ports }
const svc = async () => JSON.stringify((await town.house.cluster.list('Service')).map((s) => [s.metadata.name.replace(/.*-/, ''), JSON.stringify((s as never as { spec: { selector: object } }).spec.selector).replace(/signalbox.dev./g, '')]).filter(([n]) => !/^g\d/.test(n as string)))
const show = async (what: string) => { const l = await town.lane(SERVE); console.log(what, `g${l.generation}a${l.attempt}`, l.state, 'half', l.halfway, '|', l.outcome?.kind, l.outcome?.detail?.slice(0, 200), '| rest', l.rest?.why, l.rest?.text?.slice(0, 160), JSON.stringify(await replicasOf(town)), 'held', (await town.held('pool/gpu-serve')).sum, await looseEnds(town), await svc()) }
const tail = async (n: number) => { for (const m of (await timeline(town, SERVE)).slice(-n)) console.log('   ', m.text.slice(0, 220)) }
const start = async (gpus: number, sim?: typeof SLOW, away?: number) => {
  flap = null; from = null
  const config = structuredClone(example) as never as { pools: Record<string, { maxGpus: number }> }
  config.pools['gpu-serve']!.maxGpus = gpus
  if (away !== undefined) (config as any).services['support-llama'].maxUnavailable = away; stores = openStores(null); town = await openTown({ wrap, config, stores }); await served(town)
  await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, simulation: sim })); await town.answered(SERVE)
}
const at = (name: string, way = 'forth') => town.until(name, async () => (await town.lane(SERVE)).run?.steps.some((s) => s.name === name && s.way === way && s.state === 'running') === true)

const readies = async () => JSON.stringify((await town.house.cluster.list('Deployment')).map((d: any) => [d.metadata.labels['signalbox.dev/generation'], d.spec.replicas, d.status?.readyReplicas]))

const CODE = 'service/code-llama'
const codeUp = async () => { await promote(town.house, 'code-llama', await registerVersion(town.house, { model: 'code-llama' })); await town.advance(MINUTE); if (await town.question(CODE)) await town.answered(CODE); await town.advance(HOUR); const l = await town.lane(CODE); console.log('CODE', l.state, l.outcome?.detail?.slice(0, 160), l.rest?.text?.slice(0, 160), JSON.stringify(await town.held('pool/gpu-serve'))) }

const restore = async (backup: Uint8Array) => { await town.house.close(); stores.ledger.deserialize(backup as never); await town.reopen(wrap, true) }
const v3up = async () => { await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL })); await town.advance(2 * MINUTE); for (let i = 0; i < 40; i++) { if (await town.question(SERVE)) await town.answered(SERVE); await town.advance(5 * MINUTE); const l = await town.lane(SERVE); if (l.run === null && l.state === 'succeeded') break } }
const watchIt = async (n: number, step = 20 * MINUTE) => { for (let i = 0; i < n; i++) { await town.advance(step); await show(`+${i + 1}`); console.log(await readies()) } }
for (const way of ['forth', 'back'] as const) it(`R1 backup while g2 waits ${way}; then g2 ends, v3 is approved and serves; restored, adopted`, async () => {
  await start(16, way === 'back' ? SLOW : undefined); flap = way === 'back' ? { way, name: 'back-1', gen: 1, lasts: 10 * MINUTE } : { way, name: 'move-2', gen: 2, lasts: 10 * MINUTE }; await town.until('w', async () => from !== null); await town.advance(MINUTE); const backup = stores.ledger.serialize()
  await town.advance(2 * HOUR); await show('g2 over'); flap = null; await v3up(); await show('v3 serves'); await restore(backup); await show('restored'); await watchIt(4); await tail(16); await town.advance(26 * HOUR); await show('+27h'); console.log(await readies())
})
for (const end of ['approve', 'deny', 'expire'] as const) it(`R3 backup while g3 is asked (halfway); it was approved and serves; restored, adopted; then ${end}`, async () => {
  await start(16, SLOW); flap = { way: 'back', name: 'back-1', gen: 1, lasts: 10 * MINUTE }; await town.until('w', async () => from !== null); await town.advance(MINUTE); await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL })); await town.advance(MINUTE); await show('asked'); const backup = stores.ledger.serialize()
  flap = null; await town.answered(SERVE); await town.settled(SERVE); await show('v3 serves'); await restore(backup); await town.advance(MINUTE); await show('restored'); if (end !== 'expire') await town.answered(SERVE, end).catch((e) => console.log(String(e).slice(0, 200))); await watchIt(3, 2 * HOUR); await tail(12)
})
