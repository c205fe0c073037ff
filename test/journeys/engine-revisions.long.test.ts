import { afterEach, expect, it } from 'vitest'
import type { ServeDesired } from '../../core/desired.ts'
import type { Engine } from '../../core/workloads/engine.ts'
import { ENGINES } from '../../core/workloads/engines.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import example from '../example.ts'
import { HOUR, MINUTE, MODEL, replicasOf, SERVE, say, served } from './scenes.ts'
import { openTown, type Town } from './town.ts'

// What a lane is made with is written down: a release by itself starts, asks and repeats nothing, and hinders nobody.

let town: Town
/** Engines as releases have them, by name. */
const revisions = ENGINES as unknown as Record<string, Engine[]>
const had = Object.entries(revisions).map(([name, all]) => [name, [...all]] as const)
afterEach(async () => {
  for (const [name, all] of had) revisions[name]!.splice(0, Number.POSITIVE_INFINITY, ...all)
  await town.close()
})

const BASE = `hf://meta-llama/Llama-3.1-8B-Instruct@${'a1'.repeat(20)}`
const config = (service: object = {}) => {
  const own = structuredClone(example)
  Object.assign(own.services![MODEL]!, service)
  return {
    ...own,
    runner: { image: `acme/runner@sha256:${'4'.repeat(64)}` },
    sources: [...(own.sources ?? []), 'hf://meta-llama/'],
  }
}
const why = async () => (await town.house.why(SERVE)).text
const engine = async () => (await town.lane(SERVE)).desired as ServeDesired
const asked = async () => (await town.question(SERVE)) !== null
const revised = (name: string): void => {
  const [one] = revisions[name]!.slice(-1)
  revisions[name]!.push({ ...one!, args: (...given) => [...one!.args(...given), '--revised'] })
}
const changed = async (service: object): Promise<void> => {
  town.setPolicy(config(service))
  await town.until('it asks', asked)
}

it.each(['vllm', 'sglang'] as const)(
  'a service that the policy has changed from %s keeps the revision that it was made with',
  async (first) => {
    const other = first === 'vllm' ? 'sglang' : 'vllm'
    town = await openTown({ config: config({ engine: first }) })
    await served(town)
    await changed({ engine: other })
    await town.answered(SERVE)
    expect((await town.settled(SERVE)).outcome).toMatchObject({ kind: 'succeeded' })
    expect(await engine()).toMatchObject({ engine: { name: other, revision: revisions[other]!.length } })
    revised(other)
    await town.reopen()
    await town.advance(3 * HOUR)
    expect([await asked(), await replicasOf(town), (await town.lane(SERVE)).generation]).toEqual([false, { '2': 2 }, 2])
  },
)

it('one whose change to another engine was rejected, and taken back, stands as it was made, whatever releases came between', async () => {
  town = await openTown({ config: config() })
  await served(town)
  const made = await engine()
  await changed({ engine: 'sglang' })
  await town.answered(SERVE, 'deny')
  await town.settled(SERVE)
  revised('vllm')
  revised('sglang')
  await town.reopen()
  await town.advance(HOUR)
  // What was rejected is not asked about again, be it made otherwise by now.
  expect([await asked(), (await town.lane(SERVE)).outcome]).toMatchObject([false, { kind: 'rejected' }])
  town.setPolicy(config())
  await town.advance(3 * HOUR)
  expect([await asked(), await replicasOf(town)]).toEqual([false, { '1': 2 }])
  expect(await engine()).toMatchObject({ engine: made.engine })
})

it('an adapter that the release before refused is served once somebody says retry, and until then it says so', async () => {
  const [fifth] = revisions['vllm']!.splice(-1)
  town = await openTown({ config: config() })
  await served(town)
  const tags = { 'signalbox.dev/weights': 'adapter', 'signalbox.dev/base': BASE }
  await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, tags }))
  await town.advance(10 * MINUTE)
  expect(await why()).toContain('vLLM serves whole weights')
  revisions['vllm']!.push(fifth!)
  await town.reopen()
  await town.advance(HOUR)
  expect([await asked(), await why()]).toEqual([false, expect.stringContaining('it would pass now: say retry')])
  await say(town, 'retry', { lane: SERVE })
  await town.answered(SERVE)
  expect((await town.settled(SERVE)).outcome).toMatchObject({ kind: 'succeeded' })
  expect(await engine()).toMatchObject({ engine: { name: 'vllm', revision: 5 } })
})

it('what serves and is refused for something else keeps its revision when it is tried again', async () => {
  town = await openTown({ config: config() })
  await served(town)
  const before = await engine()
  const own = config({ replicas: 3 })
  town.setPolicy({ ...own, budget: { ...own.budget, dollars: 0.01 } })
  await town.until('it is refused', async () => (await town.lane(SERVE)).outcome?.kind === 'refused')
  revised('vllm')
  town.setPolicy(config({ replicas: 3 }))
  await town.reopen()
  await town.until('it asks', asked)
  await town.answered(SERVE)
  await town.settled(SERVE)
  expect(await engine()).toMatchObject({ engine: before.engine })
  expect(await replicasOf(town)).toEqual({ '1': 3 })
})
