import { leaveVote } from '../../flows/letters.ts'
import type { Ports } from '../../flows/ports.ts'
import { ANA, openTown, type Town } from '../journeys/town.ts'
import { endedOf } from './ended.ts'
import { type Death, mortal } from './mortal.ts'
import type { Story } from './stories.ts'

/** Hours of the town's time that a story takes at most. */
const HOURS = 12

/** So long after it is over everything is looked at: resync has looked as well. Milliseconds. */
const AFTERWARDS = 6 * 60_000

export interface Played {
  ended: unknown
  /** Calls of ports of the process that was to die. */
  calls: number
  /** Whether it died. */
  died: boolean
}

/** A story that is prepared once, by another process, and told from there as often as one likes. */
export interface Stage {
  /** Plays it to its end, with one death on the way if there is one. Answers what the world and the ledger came to. */
  play(death: Death | null): Promise<Played>
  /** Plays it to its end by whoever works behind these ports. Answers what the world and the ledger came to. */
  playIn(two: { wrap(ports: Ports): Ports; drive(town: Town): void }): Promise<unknown>
  close(): Promise<void>
}

export const openStage = async (story: Story): Promise<Stage> => {
  const prepared = await openTown()
  await story.prepare(prepared)
  const inTown = async <T>(
    wrap: ((ports: Ports) => Ports) | undefined,
    work: (town: Town) => Promise<T>,
  ): Promise<T> => {
    const town = await prepared.copy(wrap)
    try {
      return await work(town)
    } finally {
      await town.close()
    }
  }
  return {
    play: (death) => inTown(undefined, (town) => play(town, story, death)),
    playIn: ({ wrap, drive }) =>
      inTown(wrap, async (town) => {
        drive(town)
        await tell(town, story, { alive: (work) => work().then(() => undefined), isOver: () => isOverIn(town, story) })
        return endedOf(town, story.lane)
      }),
    close: prepared.close,
  }
}

const play = async (town: Town, story: Story, death: Death | null): Promise<Played> => {
  const { alive, life, isOver } = await inFrontOf(town, story, death)
  await tell(town, story, { alive, isOver })
  const { calls, dead } = life
  await alive(async () => undefined)
  return { ended: await endedOf(town, story.lane), calls, died: dead }
}

interface Process {
  /** Does something with whoever lives; again with the next one when this one dies of it. */
  alive(work: () => Promise<unknown>): Promise<void>
  isOver(): Promise<boolean>
}

const tell = async (town: Town, { lane, act, later }: Story, { alive, isOver }: Process): Promise<void> => {
  const until = (what: string, done: () => Promise<boolean>): Promise<void> =>
    alive(() => town.until(what, async () => (await isOver()) || done(), HOURS))
  await alive(() => act(town))
  await until('it asks or is over', async () => (await town.question(lane)) !== null)
  await alive(() => approve(town, lane))
  if (later !== undefined) {
    await until('it is time', () => later.when(town))
    await alive(() => later.does(town))
  }
  await until('it is over', async () => false)
  await alive(() => town.advance(AFTERWARDS))
}

const isOverIn = async (town: Town, story: Story): Promise<boolean> => {
  await story.meanwhile?.(town)
  const { generation, run, rest } = await town.lane(story.lane)
  return generation === story.generation && run === null && (rest?.why === 'done' || rest?.why === 'parked')
}

/** A process that is to die takes over the town; `alive` does something with it, and again with the next one once it is dead. */
const inFrontOf = async (town: Town, story: Story, death: Death | null) => {
  const { wrap, life } = mortal(death)
  let far: Ports | null = null
  let buried = false
  const bury = async (): Promise<void> => {
    buried = true
    if (story.answers === 'while-dead') await vote(town, story.lane, far as Ports)
    await town.reopen()
  }
  const alive = async (work: () => Promise<unknown>): Promise<void> => {
    await work().catch((error: unknown) => {
      if (!life.dead || buried) throw error
    })
    if (!life.dead || buried) return
    await bury()
    await work()
  }
  const isOver = async (): Promise<boolean> => (life.dead && !buried) || isOverIn(town, story)
  await alive(() =>
    town.reopen((ports) => {
      far = ports
      return buried ? ports : wrap(ports)
    }),
  )
  return { alive, isOver, life }
}

const approve = async (town: Town, lane: string): Promise<void> => {
  const question = await town.question(lane)
  if (question !== null) await town.house.answer(question.id, { by: ANA, verdict: 'approve', reason: null })
}

/** A door that lives writes down a vote; nobody is there to be woken. */
const vote = async (town: Town, lane: string, { ledger, clock }: Ports): Promise<void> => {
  const doc = (await ledger.read([{ kind: 'lane', id: lane }]))[0]?.value
  const question = doc?.run?.question
  if (question?.state !== 'open') return
  const [workspace = ''] = ANA.split('/')
  await leaveVote(
    { ledger, clock, queue: { wake: async () => undefined } },
    {
      type: 'approval-answered',
      question: question.id,
      verdict: 'approve',
      by: ANA,
      byName: 'ana',
      workspace,
      reason: null,
      message: null,
      replyTo: null,
      at: town.house.clock.now(),
    },
    'while-dead',
  )
}
