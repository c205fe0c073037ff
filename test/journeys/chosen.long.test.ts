import { expect, it } from 'vitest'
import type { Question } from '../../core/lane/question.ts'
import example from '../example.ts'
import { between } from './away.ts'
import { everyJob, HOUR, jobsOf, looseEnds, MINUTE, TRAIN, timeline, upload } from './scenes.ts'
import { ANA, openTown } from './town.ts'

const price = { perNodeHour: 55.04, spot: 22, source: 'AWS price list', date: '2026-11-01' }
const SPOT = { instanceType: 'p5.48xlarge', gpusPerNode: 8, maxGpus: 8, capacityTypes: ['spot'], price }
const config = (spot: object = {}) => ({
  ...example,
  pools: { ...example.pools, 'gpu-spot': { ...SPOT, ...spot } },
  pipelines: {
    'support-chats': {
      ...example.pipelines!['support-chats'],
      alternatives: { spot: { stages: { train: { pool: 'gpu-spot' } } } },
    },
  },
})

/** A run of which people choose the alternative, in a process that dies at that call after the press; whether it died. */
const lived = async (calls: number): Promise<boolean> => {
  const far = between()
  const town = await openTown({ config: config(), wrap: far.wrap })
  try {
    await upload(town, 'a', { simulation: { tasks: { 'fine-tune': { minutes: 60 } } } })
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
    const { id, choices } = (await town.question(TRAIN)) as Question
    const press = () => town.house.answer(choices?.[0]?.id ?? '', { by: ANA, verdict: 'approve', reason: null })
    far.dies(calls)
    await press().catch(() => undefined)
    await town.advance(6 * MINUTE).catch(() => undefined)
    const died = far.isDead()
    far.revive()
    if (died) await town.reopen(far.wrap)
    const made = await everyJob(town)
    await town.advance(6 * MINUTE)
    // Who died before the press was written down presses once more.
    const open = await town.question(TRAIN)
    expect(open === null || open.id === id).toBe(true)
    if (open !== null) await press()
    await town.until('it runs', async () => (await jobsOf(town)).length > 0)
    const [job] = await jobsOf(town)
    expect(job?.spec?.template.spec?.nodeSelector).toEqual({ 'karpenter.sh/nodepool': 'gpu-spot' })
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', attempt: 1 })
    expect(made()).toEqual(['g1a1-evaluate', 'g1a1-train'].filter((name) => made().includes(name)))
    expect((await timeline(town)).filter(({ text }) => text.startsWith('asked '))).toHaveLength(1)
    expect(await looseEnds(town)).toEqual([])
    return died
  } finally {
    await town.close()
  }
}

it('what people chose is carried out once, and asked once, at whichever call the process died', async () => {
  let calls = 1
  while (await lived(calls)) calls += 4
  expect(calls).toBeGreaterThan(10)
}, 120_000)

it('what people chose waits in the line of its own pool, and is asked anew once that can never have room for it', async () => {
  const town = await openTown({ config: config() })
  try {
    const foreign = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: 'training', name: 'theirs' },
      spec: {
        nodeSelector: { 'karpenter.sh/nodepool': 'gpu-spot' },
        tolerations: [{ operator: 'Exists' }],
        containers: [{ name: 'main', image: 'i', resources: { limits: { 'nvidia.com/gpu': '8' } } }],
      },
    }
    await town.house.cluster.create(foreign as never)
    await upload(town, 'a')
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
    const { choices } = (await town.question(TRAIN)) as Question
    await town.house.answer(choices?.[0]?.id ?? '', { by: ANA, verdict: 'approve', reason: null })
    await town.advance(MINUTE)
    expect(await town.lane(TRAIN)).toMatchObject({ run: { phase: 'waiting-for-room' }, rest: { why: 'no-room' } })
    town.setPolicy(config({ maxGpus: 0 }))
    await town.until('it asks anew', async () => (await town.question(TRAIN)) !== null)
    expect(town.house.clock.now() % (24 * HOUR)).toBeLessThan(12.5 * HOUR)
    expect((await town.question(TRAIN))?.choices).toBeUndefined()
    expect(await looseEnds(town)).toEqual([])
  } finally {
    await town.close()
  }
})

it('what people chose and the budget refuses waits for that, and begins as what they chose, asking nobody', async () => {
  const town = await openTown({ config: config() })
  try {
    await upload(town, 'a')
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
    const { choices } = (await town.question(TRAIN)) as Question
    town.setPolicy({ ...config(), budget: { ...example.budget, dollars: 100 } })
    await town.advance(MINUTE)
    await town.house.answer(choices?.[0]?.id ?? '', { by: ANA, verdict: 'approve', reason: null })
    expect(await town.settled(TRAIN)).toMatchObject({
      state: 'refused',
      outcome: {
        reason: 'budget-exceeded',
        detail: expect.stringMatching(/^its alternative spot, which people chose, is not taken: .*; and without it .*/),
      },
    })
    // It has room for the alternative alone.
    town.setPolicy({ ...config(), budget: { ...example.budget, dollars: 150 } })
    await town.until('it runs', async () => (await jobsOf(town)).length > 0)
    const [job] = await jobsOf(town)
    expect(job?.spec?.template.spec?.nodeSelector).toEqual({ 'karpenter.sh/nodepool': 'gpu-spot' })
    expect((await timeline(town)).filter(({ text }) => text.startsWith('asked '))).toHaveLength(1)
    expect(await looseEnds(town)).toEqual([])
  } finally {
    await town.close()
  }
})
