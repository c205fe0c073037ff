import { afterEach, describe, expect, it } from 'vitest'
import type { Ports } from '../../flows/ports.ts'
import { reconcile } from '../../flows/reconcile.ts'
import { promote, registerVersion, uploadDataset } from '../../local/scenario.ts'
import example from '../../signalbox.config.ts'
import { ANA, openTown, type Town } from './town.ts'

const TRAIN = 'train/support-chats'
const SERVE = 'serve/support-llama'
const replacing = {
  ...example,
  datasets: { 'support-chats': { ...example.datasets?.['support-chats'], onNewer: 'replace' } },
}
let town: Town
afterEach(() => town.close())

const upload = async (folder: string): Promise<void> => {
  await uploadDataset(town.house, {
    bucket: 'acme-datasets',
    folder: `support-chats/${folder}/`,
    rows: [`"${folder}"`],
  })
  await town.house.scanUploads()
}
const stepIs = (lane: string, name: string, state: string) => async () =>
  (await town.run(lane, undefined, 1))?.steps.find((step) => step.name === name)?.state === state

describe('something newer is wanted, at every step of training', () => {
  it.each(['asked', 'train', 'evaluate', 'judge', 'register', 'notify'])(
    'while %s: the newer one is what is trained on in the end, and nothing of the older is left running',
    async (at) => {
      town = await openTown({ config: replacing })
      await upload('a')
      if (at === 'asked') await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
      else {
        await town.answered(TRAIN)
        await town.until(`${at} runs`, async () =>
          ['running', 'done'].includes(
            (await town.run(TRAIN, 1, 1))?.steps.find(({ name }) => name === at)?.state ?? '',
          ),
        )
      }
      await town.advance(1000)
      await upload('b')
      await town.answered(TRAIN)
      expect(await town.settled(TRAIN)).toMatchObject({
        state: 'succeeded',
        generation: 2,
        desired: { key: 'support-chats/b/manifest.json' },
      })
      expect((await town.run(TRAIN, 1, 1))?.hold).toBeNull()
      const running = (await town.house.cluster.list('Job')).filter(
        (job) => ((job as { status?: { active?: number } }).status?.active ?? 0) > 0,
      )
      expect(running).toEqual([])
      expect((await town.house.ports.ledger.read('pool', 'gpu-train'))?.value.holds).toEqual({})
    },
  )
})

describe('a run whose execution died while it asked', () => {
  it('is buried with its question: the card says how it ended, and no press counts any more', async () => {
    const dead = { yes: false }
    const wrap = (ports: Ports): Ports => ({
      ...ports,
      workflow: {
        ...ports.workflow,
        describe: async (name) => (dead.yes ? 'closed' : ports.workflow.describe(name)),
      },
    })
    town = await openTown({ wrap })
    await upload('a')
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
    const { id = '', card = null } = (await town.question(TRAIN)) ?? {}
    dead.yes = true
    expect(await reconcile(town.house.ports)).toMatchObject({ buried: 1 })
    expect(await town.house.answer(id, { by: ANA, verdict: 'approve', reason: null })).toMatchObject({
      body: { refused: 'question-closed' },
    })
    const shown = (await town.house.cards()).find(({ ts }) => ts === card?.ts)
    expect(shown?.card).toMatchObject({ title: expect.stringContaining('failed'), question: null })
  })
})

describe('a freeze', () => {
  it('a bell of the thaw that is lost keeps no other from being rung, and saying it again rings it', async () => {
    const bells = { lose: 0, rung: 0 }
    const wrap = (ports: Ports): Ports => ({
      ...ports,
      workflow: {
        ...ports.workflow,
        ring: async (bell) => {
          if (bells.lose-- > 0) throw new Error('TooManyRequestsException')
          bells.rung++
          return ports.workflow.ring(bell)
        },
      },
    })
    town = await openTown({ wrap })
    await upload('a')
    await promote(town.house, 'support-llama', await registerVersion(town.house, { model: 'support-llama' }))
    await town.until('one asks', async () => (await town.question(TRAIN)) !== null)
    await town.until('the other asks', async () => (await town.question(SERVE)) !== null)
    await town.house.command({ kind: 'freeze', lane: '*', by: ANA, until: town.house.clock.now() + 3_600_000 })
    const before = bells.rung
    bells.lose = 1
    const thaw = () => town.house.command({ kind: 'thaw', lane: '*', by: ANA })
    await expect(thaw()).rejects.toThrow('TooManyRequests')
    expect(bells.rung).toBe(before + 1)
    expect(await thaw()).toMatchObject({ ok: false, detail: '* is not frozen' })
    expect(bells.rung).toBe(before + 3)
  })

  it('after the first effect: it rests before the next step, keeps its hold, and goes on after the thaw', async () => {
    town = await openTown()
    await upload('a')
    await town.answered(TRAIN)
    await town.until('training runs', stepIs(TRAIN, 'train', 'running'))
    await town.house.command({ kind: 'freeze', lane: '*', until: town.house.clock.now() + 12 * 3_600_000, by: ANA })
    await town.until('training is done', stepIs(TRAIN, 'train', 'done'))
    await town.advance(2 * 3_600_000)
    const resting = await town.run(TRAIN)
    expect([resting?.steps[1]?.state, resting?.hold !== null]).toEqual(['pending', true])
    await town.house.command({ kind: 'thaw', lane: '*', by: ANA })
    expect((await town.settled(TRAIN)).state).toBe('succeeded')
  })

  it('never holds up walking back', async () => {
    town = await openTown()
    await promote(town.house, 'support-llama', await registerVersion(town.house, { model: 'support-llama' }))
    await town.answered(SERVE)
    await town.settled(SERVE)
    await promote(
      town.house,
      'support-llama',
      await registerVersion(town.house, { model: 'support-llama', simulation: { metrics: { health: 0 } } }),
    )
    await town.answered(SERVE)
    await town.until('the gate runs', stepIs(SERVE, 'gate', 'running'))
    await town.house.command({ kind: 'cancel', lane: SERVE, by: ANA })
    await town.house.command({ kind: 'freeze', lane: SERVE, until: town.house.clock.now() + 100 * 3_600_000, by: ANA })
    expect((await town.settled(SERVE)).state).toBe('cancelled')
  })
})

describe('a rule that is switched to shadow', () => {
  it('cancels a plan that has no effects yet', async () => {
    town = await openTown()
    await upload('a')
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
    town.setPolicy({
      ...example,
      datasets: { 'support-chats': { ...example.datasets?.['support-chats'], mode: 'shadow' } },
    })
    await town.answered(TRAIN)
    expect((await town.settled(TRAIN)).outcome).toMatchObject({
      kind: 'cancelled',
      detail: expect.stringContaining('shadow'),
    })
    expect(await town.house.cluster.list('Job')).toEqual([])
  })
})
