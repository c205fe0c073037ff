import { afterEach, describe, expect, it } from 'vitest'
import type { Question } from '../../core/lane/question.ts'
import type { Simulation } from '../../local/scenario.ts'
import example from '../example.ts'
import { jobsOf, looseEnds, MINUTE, TRAIN, timeline, upload } from './scenes.ts'
import { ANA, BEN, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const price = { perNodeHour: 55.04, spot: 22, source: 'AWS price list', date: '2026-11-01' }
const SPOT = { instanceType: 'p5.48xlarge', gpusPerNode: 8, maxGpus: 8, capacityTypes: ['spot'], price }
const ALTERNATIVES = {
  spot: { stages: { train: { pool: 'gpu-spot' } } },
  small: { stages: { train: { pool: 'gpu-serve', gpus: 4, hours: { p50: 3, p95: 6 } } } },
}
const withAlternatives = ({
  approvals = {},
  pool = {},
  alternatives = ALTERNATIVES,
}: {
  approvals?: object
  pool?: object
  alternatives?: object | undefined
} = {}) => ({
  ...example,
  pools: { ...example.pools, 'gpu-spot': { ...SPOT, ...pool } },
  pipelines: { 'support-chats': { ...example.pipelines!['support-chats'], alternatives } },
  approvals: { ...example.approvals, ...approvals },
})

/** Opens a town in which a run is asked about. */
const asked = async (
  given: Parameters<typeof withAlternatives>[0] = {},
  simulation?: Simulation,
): Promise<Question> => {
  town = await openTown({ config: withAlternatives(given) })
  await upload(town, 'a', { simulation })
  await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
  return (await town.question(TRAIN)) as Question
}
const buttonOf = ({ choices = [] }: Question, name: string): string =>
  choices.find((one) => one.name === name)?.id ?? ''
const press = (button: string, by = ANA, verdict: 'approve' | 'deny' = 'approve') =>
  town.house.answer(button, { by, verdict, reason: null })
const poolsOf = async () =>
  (await jobsOf(town)).map(({ spec }) => Object.values(spec?.template.spec?.nodeSelector ?? {})[0])
const told = async () => (await timeline(town)).map(({ text }) => text)
const heldOf = async (pool: string) => (await town.held(`pool/${pool}`)).sum

describe('an approval with a choice', () => {
  it('shows the default and what may be chosen in its place, and carries out what was pressed: that alone is held', async () => {
    const question = await asked()
    const [card] = await town.house.cards()
    expect(card?.card.choices?.map(({ name }) => name)).toEqual(['default', 'small', 'spot'])
    expect((await press(buttonOf(question, 'spot'))).body).toMatchObject({ recorded: 'approved' })
    await town.until('it runs', async () => (await jobsOf(town)).length > 0)
    expect(await poolsOf()).toEqual(['gpu-spot'])
    expect([await heldOf('gpu-spot'), await heldOf('gpu-train')]).toEqual([8, 1])
    expect(await told()).toContainEqual(expect.stringContaining('approves its alternative spot'))
    const { approved, run } = await town.lane(TRAIN)
    expect([approved?.question.chosen, run?.digest]).toEqual([{ name: 'spot' }, approved?.question.digest])
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded' })
    expect((await town.house.cards()).map(({ card: { title } }) => title)).toContainEqual(
      expect.stringMatching(/as its alternative spot: succeeded$/),
    )
    expect(await looseEnds(town)).toEqual([])
  })

  it('is as ever where the default is pressed, and denied as a whole', async () => {
    const question = await asked()
    await press(question.id)
    await town.until('it runs', async () => (await jobsOf(town)).length > 0)
    expect([await poolsOf(), (await town.lane(TRAIN)).approved?.question.chosen]).toEqual([['gpu-train'], undefined])
    await town.close()
    await press(buttonOf(await asked(), 'spot'), ANA, 'deny')
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'rejected' })
  })

  it('counts the yeses of two people to different ways for neither; whoever changes their mind takes the first one back', async () => {
    const question = await asked({
      approvals: {
        need: 2,
        approvers: [
          { id: ANA, name: 'Ana' },
          { id: BEN, name: 'Ben' },
        ],
      },
    })
    expect((await press(question.id, ANA)).body).toMatchObject({ recorded: 'open' })
    expect((await press(buttonOf(question, 'spot'), BEN)).body).toMatchObject({ recorded: 'open' })
    expect((await press(buttonOf(question, 'spot'), BEN)).body).toMatchObject({ refused: 'already-answered' })
    const [card] = await town.house.cards()
    expect(card?.card.facts).toContainEqual({ label: 'Answers', value: 'default 1 of 2, small 0 of 2, spot 1 of 2' })
    expect((await press(buttonOf(question, 'spot'), ANA)).body).toMatchObject({ recorded: 'approved' })
    await town.until('it runs', async () => (await jobsOf(town)).length > 0)
    expect(await poolsOf()).toEqual(['gpu-spot'])
  })

  it('takes the default alone where nobody has to be asked', async () => {
    town = await openTown({ config: withAlternatives({ approvals: { autoApproveBelow: 1e6 } }) })
    await upload(town)
    await town.until('it runs', async () => (await jobsOf(town)).length > 0)
    expect([await poolsOf(), (await town.plan(TRAIN))?.plan.alternatives]).toEqual([['gpu-train'], undefined])
  })

  it('says plainly that what was pressed cannot be taken any more, holds nothing for it and asks anew', async () => {
    const question = await asked()
    town.setPolicy(withAlternatives({ pool: { maxGpus: 0 } }))
    await town.advance(MINUTE)
    await press(buttonOf(question, 'spot'))
    await town.until('it asks anew', async () => ((await town.question(TRAIN))?.openedAt ?? 0) > question.openedAt)
    const again = (await town.question(TRAIN)) as Question
    expect(again.choices?.map(({ name }) => name)).toEqual(['small'])
    const why =
      'its alternative spot, which people chose, is not taken: `train` asks for 8 GPUs and the ceiling of gpu-spot is 0'
    expect(await told()).toContainEqual(why)
    expect((await town.plan(TRAIN))?.plan.reasons[0]).toBe(why)
    expect((await town.house.cards())[0]?.card.lines).toContain(why)
    expect([await jobsOf(town), await heldOf('gpu-spot'), (await town.lane(TRAIN)).approved]).toEqual([[], 0, null])
    // The button of the first card is of a question that is over.
    expect((await press(buttonOf(question, 'small'))).body).toMatchObject({ refused: 'question-closed' })
    await press(buttonOf(again, 'small'))
    await town.until('it runs', async () => (await jobsOf(town)).length > 0)
    expect(await poolsOf()).toEqual(['gpu-serve'])
  })

  it('binds what was pressed over all attempts: one that follows runs on the same pool, and asks nobody', async () => {
    // By itself it would need nobody’s word.
    const approvals = { autoApproveBelow: 200 }
    const question = await asked({ approvals }, { tasks: { 'fine-tune': { imagePull: 'fail' } } })
    await press(buttonOf(question, 'spot'))
    await town.until('it has failed', async () =>
      (await town.past(TRAIN)).some(({ outcome }) => outcome.kind === 'failed'),
    )
    await town.house.objects.write('acme-datasets', 'support-chats/a/simulation.json', Buffer.from('{}'))
    await town.until('it runs again', async () =>
      (await jobsOf(town)).some(({ metadata }) => metadata.name.endsWith('g1a2-train')),
    )
    expect(
      (await jobsOf(town)).map(({ metadata, spec }) => [metadata.name.slice(-10), spec?.template.spec?.nodeSelector]),
    ).toEqual([['g1a2-train', { 'karpenter.sh/nodepool': 'gpu-spot' }]])
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', attempt: 2 })
    expect((await told()).filter((text) => text.startsWith('asked '))).toHaveLength(1)
    expect(await looseEnds(town)).toEqual([])
  })
})

it('what has succeeded as an alternative is tried again as that: its training is kept, and people are asked about the rest alone', async () => {
  const question = await asked()
  await press(buttonOf(question, 'spot'))
  expect((await town.settled(TRAIN)).outcome).toMatchObject({ kind: 'succeeded' })
  const before = await jobsOf(town)
  const kept = { kind: 'retry' as const, lane: TRAIN, by: ANA, from: 'evaluate' }
  expect(await town.house.command(kept)).toMatchObject({ ok: true })
  await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
  const again = (await town.plan(TRAIN))?.plan
  expect(again).toMatchObject({ chosen: { name: 'spot' } })
  expect(again?.price.total.p95).toBeLessThan(100)
  await town.answered(TRAIN)
  expect((await town.settled(TRAIN)).outcome).toMatchObject({ kind: 'succeeded' })
  const trained = (jobs: typeof before) => jobs.filter(({ metadata }) => metadata.name?.endsWith('-train')).length
  expect([trained(before), trained(await jobsOf(town))]).toEqual([1, 1])
  expect(await looseEnds(town)).toEqual([])
})
