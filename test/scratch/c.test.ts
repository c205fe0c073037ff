import { afterEach, it } from 'vitest'
import type { Ports } from '../../flows/ports.ts'
import example from '../../signalbox.config.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import type { KubeObject } from '../../core/kube.ts'
import { readRow } from '../../flows/rows.ts'
import { HOUR, MINUTE, MODEL, SERVE, SLOW, looseEnds, replicasOf, say, served, timeline } from '../journeys/scenes.ts'
import { openTown, type Town } from '../journeys/town.ts'
let town: Town
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
  if (away !== undefined) (config as any).services['support-llama'].maxUnavailable = away; town = await openTown({ wrap, config }); await served(town)
  await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, simulation: sim })); await town.answered(SERVE)
}
const at = (name: string, way = 'forth') => town.until(name, async () => (await town.lane(SERVE)).run?.steps.some((s) => s.name === name && s.way === way && s.state === 'running') === true)

const readies = async () => JSON.stringify((await town.house.cluster.list('Deployment')).map((d: any) => [d.metadata.labels['signalbox.dev/generation'], d.spec.replicas, d.status?.readyReplicas]))
for (const gpus of [8, 12, 16]) for (const when of ['back-1', 'back-2', 'back-3']) it(`C1 ${gpus}: the gate fails; at ${when} somebody promotes v1 again, no flap`, async () => {
  await start(gpus, SLOW); await at('gate')
  let seen = false; for (let i = 0; i < 3600 && !seen; i++) { await town.advance(1000); const l = await town.lane(SERVE); if (l.run === null) break; seen = l.run.steps.some((s) => s.name === when && s.way === 'back' && s.state === 'running') }
  if (!seen) { console.log('no', when); return }
  await show(when); await promote(town.house, MODEL, '1'); await town.advance(10 * MINUTE); await show('+10m'); console.log(await readies()); await town.advance(3 * HOUR); await show('+3h'); console.log(await readies()); await tail(6); await town.advance(3 * HOUR); await show('+6h')
})
for (const away of [0, 1]) for (const gpus of [12, 16]) it(`C2 maxUnavailable ${away}, ${gpus}: g1 never ready any more, g2 failed its gate, g3 (good) is approved`, async () => {
  await start(gpus, SLOW, away); flap = { name: 'back-1', way: 'back', gen: 1, lasts: 100 * HOUR }; await town.until('w', async () => from !== null); await town.advance(MINUTE); await show('waits')
  await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL })); await town.advance(MINUTE); await show('g3'); await town.answered(SERVE); console.log(JSON.stringify((await town.plan(SERVE))?.plan.steps.map((s: any) => [s.name, s.replicas?.map((r: any) => [r.generation, r.replicas, r.replicasReady].join(':')).join(' ')])))
  await town.advance(HOUR); await show('+1h'); await town.advance(5 * HOUR); await show('+6h'); await tail(10)
})
for (const away of [0]) for (const gpus of [8, 16]) it(`C3 maxUnavailable ${away} ${gpus}: g1 has 1 of 2 ready, for good; g2 promoted`, async () => {
  await start(gpus, undefined, away); flap = { name: 'move-1', way: 'forth', gen: 1, lasts: 100 * HOUR, ready: 1 }
  await town.settled(SERVE, 6).catch((e) => console.log('UNSETTLED')); await show('end'); await tail(8)
})
