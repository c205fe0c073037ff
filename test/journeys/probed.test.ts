import { afterEach, describe, expect, it } from 'vitest'
import type { Config } from '../../core/policy.ts'
import example from '../example.ts'
import { jobsOf, looseEnds, SERVE, served } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const config = structuredClone(example) as Config
Object.assign(config, { runner: { image: `acme/runner@sha256:${'ab'.repeat(32)}` } })
Object.assign(config.services!['support-llama']!, {
  gate: {
    probe: { prompts: [{ prompt: 'Capital of France?', contains: ['paris'] }] },
    checks: [
      { metric: 'golden_rate', op: '>=', value: 1 },
      { metric: 'ttft_p95_ms', op: '<=', value: 2000 },
    ],
  },
})

describe('a service whose gate names no image', () => {
  it('is asked by signalbox-run, and judged by what that has measured', async () => {
    town = await openTown({ config })
    await served(town)
    expect(await town.lane(SERVE)).toMatchObject({ state: 'succeeded' })
    const [gate] = (await jobsOf(town)).map(({ spec }) => spec?.template.spec?.containers[0])
    expect(gate?.command).toEqual(['/signalbox/bin/signalbox-run', 'probe'])
    await served(town, { metrics: { golden_rate: 0.5, ttft_p95_ms: 100 } })
    expect(await town.lane(SERVE)).toMatchObject({
      ...{
        state: 'failed',
        outcome: { kind: 'failed', reason: 'gate', detail: expect.stringContaining('golden_rate') },
      },
      baseline: { generation: 1 },
    })
    expect(await looseEnds(town)).toEqual([])
  })

  it.each([
    [77, 'storage-refused', 'a right is missing: s3:PutObject'],
    [42, 'exit-code', 'no probe measures it'],
  ])('that signalbox-run ends with %i (%s) goes back, and says why', async (exitCode, reason, text) => {
    town = await openTown({ config })
    const logs = [`signalbox-run: ${text} (exit ${exitCode})`]
    await served(town, { tasks: { 'gate-check': { exitCode, logs } } })
    const { outcome } = await town.lane(SERVE)
    expect(outcome).toMatchObject({ kind: 'failed', reason, detail: expect.stringContaining(text) })
    expect(await looseEnds(town)).toEqual([])
  })
})
