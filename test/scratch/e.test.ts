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

const CODE = 'service/code-llama'
const codeUp = async () => { await promote(town.house, 'code-llama', await registerVersion(town.house, { model: 'code-llama' })); await town.advance(MINUTE); if (await town.question(CODE)) await town.answered(CODE); await town.advance(HOUR); const l = await town.lane(CODE); console.log('CODE', l.state, l.outcome?.detail?.slice(0, 160), l.rest?.text?.slice(0, 160), JSON.stringify(await town.held('pool/gpu-serve'))) }

const cmd = (kind: string) => town.house.command({ kind, lane: SERVE, by: 'T0SIGNAL/U0APPROVER', until: town.house.clock.now() + 24 * HOUR } as never)
it('D4 full pool, forth: frozen after move-1, v3 promoted, code-llama takes room, denied', async () => {
  await start(8); await at('move-1'); await cmd('freeze'); await town.advance(5 * MINUTE); await show('frozen'); await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL })); await town.advance(5 * MINUTE); await show('v3 promoted'); console.log(JSON.stringify(await town.held('pool/gpu-serve')))
  await codeUp(); await cmd('thaw'); await town.advance(5 * MINUTE); await show('thawed'); if (await town.question(SERVE)) await town.answered(SERVE, 'deny'); await town.advance(3 * HOUR); await show('+3h'); console.log(JSON.stringify(await town.held('pool/gpu-serve')), await readies()); await tail(10)
})
for (const ready of [0, 1]) it(`E1 g2's gate has failed and gone back; baseline then has ${ready} of 2 ready for good; v1 is promoted again`, async () => {
  await start(16, SLOW); await town.settled(SERVE, 3); flap = { name: 'x', way: 'back', gen: 1, lasts: 1e12, ready }; from = town.house.clock.now(); await town.advance(10 * MINUTE); await show('unready')
  await promote(town.house, MODEL, '1'); await town.advance(10 * MINUTE); await show('+10m'); console.log((await town.house.why(SERVE)).text); await tail(5)
})
for (const ready of [0, 1]) it(`E2 service with ${ready} of 2 ready for good; retry after cancel of v2`, async () => {
  await start(16); await at('move-1'); await say(town, 'cancel', { lane: SERVE }); await town.settled(SERVE, 3); flap = { name: 'x', way: 'back', gen: 1, lasts: 1e12, ready }; from = town.house.clock.now()
  await promote(town.house, MODEL, '1'); await town.advance(10 * MINUTE); await show('+10m'); await tail(5)
})
it('E3 first promotion ever: never ready; cancelled; alias same again', async () => {
  flap = { name: 'move-1', way: 'forth', gen: 1, lasts: 1e12, ready: 0 }; from = null
  town = await openTown({ wrap }); const v = await registerVersion(town.house, { model: MODEL }); await promote(town.house, MODEL, v); await town.answered(SERVE); await town.advance(3 * HOUR); await show('+3h'); await tail(6)
})
