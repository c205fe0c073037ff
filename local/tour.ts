import type { LaneDocument } from '../core/lane/document.ts'
import type { Question } from '../core/lane/question.ts'
import { modelOf, type ServicePolicy } from '../core/policy.ts'
import { resultId } from '../core/rows.ts'
import { readRow } from '../flows/rows.ts'
import { lastRun } from '../flows/runs.ts'
import { failingFigures, figuresOfGate, figuresOfStages } from './figures.ts'
import type { LocalHouse } from './house.ts'
import { behaves, promote, registerVersion, uploadDataset } from './scenario.ts'
import { playDrift, playMonth } from './tour-edits.ts'
import { type Chapter, type Play, type Stage, StoryEnds } from './tour-stage.ts'

const TRAIN = 'pipeline/support-chats'
const SERVE = 'service/support-llama'
const MODEL = 'support-llama'

/**
 * The story: a dataset is fine-tuned on, the model is promoted and rolled out, a worse one fails its gate and walks back. Where the policy may be
 * edited, the model drifts and is trained anew, a rung asks as the month's money goes, and that runs out and comes again. Simulated containers
 * measure what the policy's gates ask. A chapter that ends otherwise than it should is the last one.
 */
export const playTour = async (house: LocalHouse, stage: Stage): Promise<Chapter[]> => {
  const told: Chapter[] = []
  const tell = (chapter: Chapter): void => {
    told.push(chapter)
    if (chapter.outcome !== chapter.expected) throw new StoryEnds(`what follows needs “${chapter.title}”`)
  }
  const play: Play = {
    tell,
    chapter: async (told) => tell(await chapter(house, stage, told)),
    upload: () => uploadConversations(house),
    registered: () => registeredBy(house, TRAIN),
    promote: (version) => promoteGood(house, version),
  }
  try {
    await playPromotions(house, stage, play)
    const { edit } = stage
    if (edit === null) return told
    await playDrift(house, { ...stage, edit }, play)
    await playMonth(house, { ...stage, edit }, play)
  } catch (error) {
    if (!(error instanceof StoryEnds)) throw error
    stage.say(`    ✗ The story ends here: ${error.message}.`)
    // What is waited for between two chapters belongs to neither.
    if (told.every(({ outcome, expected }) => outcome === expected))
      told.push({ title: 'the story goes on', lane: TRAIN, expected: 'it does', outcome: error.message })
  }
  return told
}

const playPromotions = async (house: LocalHouse, { say }: Stage, play: Play): Promise<void> => {
  say('1 · A dataset lands in the bucket acme-datasets. Its manifest is written last.')
  await play.chapter({
    title: 'dataset → fine-tune → evaluate → registered',
    lane: TRAIN,
    expected: 'succeeded',
    act: () => play.upload(),
  })
  const version = (await play.registered()) ?? '1'

  say(`2 · Somebody gives the alias champion to ${MODEL} v${version} in the registry.`)
  await play.chapter({
    title: `v${version} promoted → rolled out behind its gate`,
    lane: SERVE,
    expected: 'succeeded',
    act: () => play.promote(version),
  })

  const worse = await registerWorse(house)
  say(`3 · v${worse} is promoted. It is worse than its gate lets pass, which nobody knows yet.`)
  await play.chapter({
    title: `v${worse} promoted → gate fails → walks back to v${version}`,
    lane: SERVE,
    expected: 'failed: gate',
    act: async () => promote(house, await modelServed(house), worse),
  })
}

/** What serves in the story. */
const served = async (house: LocalHouse): Promise<ServicePolicy> => {
  const { services } = await house.ports.policies.load()
  const rule = services[MODEL]
  if (rule === undefined) throw new StoryEnds(`the policy has no service ${MODEL} any more`)
  return rule
}

const modelServed = async (house: LocalHouse): Promise<string> => modelOf(MODEL, await served(house))

/** Registers a version that the service's gate will not let pass, where the policy lets weights come from whatever its sources are. */
const registerWorse = async (house: LocalHouse): Promise<string> => {
  const { results } = await house.ports.policies.load()
  const [model, simulation] = [await modelServed(house), failingFigures(await served(house))]
  return registerVersion(house, { model, simulation, below: results.prefix })
}

/** A version is promoted that its gate will find as good as it asks. */
const promoteGood = async (house: LocalHouse, version: string): Promise<void> => {
  const [model, simulation] = [await modelServed(house), figuresOfGate(await served(house))]
  if (simulation !== null) await behaves(house, { model, version, simulation })
  await promote(house, model, version)
}

const uploadConversations = async (house: LocalHouse): Promise<void> => {
  const rule = (await house.ports.policies.load()).pipelines['support-chats']
  const simulation = rule === undefined ? null : figuresOfStages(rule)
  const day = new Date(house.clock.now()).toISOString().replace(/[:.]/g, '-')
  const folder = `support-chats/${day}/`
  await uploadDataset(house, {
    bucket: 'acme-datasets',
    folder,
    rows: conversations(day),
    ...(simulation === null ? {} : { simulation }),
    requestedBy: 'T0SIGNAL/U0BEN',
  })
  await house.scanUploads()
}

/** The version that the lane's last run registered; null when it did not get so far. */
const registeredBy = async (house: LocalHouse, lane: string): Promise<string | null> => {
  const { ledger, clock } = house.ports
  const doc = await document(house, lane)
  const run = doc === null ? null : await lastRun(ledger, doc, clock.now())
  const result = run?.run.steps.find(({ kind }) => kind === 'register-model')?.result ?? null
  const row = result === null ? null : await readRow(ledger, 'result', resultId(lane, result))
  const version = row?.value.values['version']
  return version === undefined ? null : String(version)
}

const chapter = async (
  house: LocalHouse,
  stage: Stage,
  { title, lane, expected, act }: Omit<Chapter, 'outcome'> & { act: () => Promise<void> },
): Promise<Chapter> => {
  try {
    const { outcome, detail } = await ending(house, stage, { lane, act })
    stage.say(`    ${outcome === expected ? '✓' : '✗'} ${outcome} · ${detail}`)
    return { title, lane, expected, outcome }
  } catch (error) {
    if (!(error instanceof StoryEnds)) throw error
    stage.say(`    ✗ ${error.message}`)
    return { title, lane, expected, outcome: error.message }
  }
}

/** What the lane comes to by what is done. */
const ending = async (
  house: LocalHouse,
  stage: Stage,
  { lane, act }: Pick<Chapter, 'lane'> & { act: () => Promise<void> },
): Promise<{ outcome: string; detail: string }> => {
  const before = (await document(house, lane))?.generation ?? 0
  await act()
  const generation = async (): Promise<number> => (await document(house, lane))?.generation ?? 0
  await stage.until(`${lane} has something to do`, async () => (await generation()) > before)
  const asksOrEnded = async (): Promise<boolean> => (await openQuestion(house, lane)) !== null || isOver(house, lane)
  await stage.until(`${lane} asks`, asksOrEnded)
  const question = await openQuestion(house, lane)
  if (question !== null) await answerIt(house, stage, { lane, question })
  await stage.until(`${lane} has an outcome`, () => isOver(house, lane))
  const ended = (await document(house, lane))?.outcome
  return { outcome: `${ended?.kind}${ended?.reason ? `: ${ended.reason}` : ''}`, detail: ended?.detail ?? '' }
}

const answerIt = async (
  house: LocalHouse,
  { say, answerAs }: Stage,
  { lane, question: { id, need, requester } }: { lane: string; question: Question },
): Promise<void> => {
  const plan = (await readRow(house.ports.ledger, 'plan', lane))?.value.plan
  say(`    plan: ${plan?.title} · at most $${plan?.bounds.dollars.toFixed(2)} · ${plan?.strategy?.name ?? 'run once'}`)
  if (plan?.approval.why !== undefined) say(`    asked, since ${plan.approval.why}`)
  if (answerAs === null) return say('    It waits for you: press Approve in the Slack pane.')
  // Who asked may answer only where the policy says so.
  const answering = answerAs.filter((by) => by !== requester).slice(0, need)
  say(`    asked; ${answering.join(' and ')} ${answering.length === 1 ? 'approves' : 'approve'}`)
  for (const by of answering) await house.answer(id, { by, verdict: 'approve', reason: null })
}

const document = async ({ ports }: LocalHouse, lane: string): Promise<LaneDocument | null> =>
  (await readRow(ports.ledger, 'lane', lane))?.value ?? null

/** Whether nothing is under way and what is wanted has its outcome. */
const isOver = async (house: LocalHouse, lane: string): Promise<boolean> => {
  const doc = await document(house, lane)
  return doc !== null && doc.run === null && doc.outcome !== null
}

const openQuestion = async (house: LocalHouse, lane: string): Promise<Question | null> => {
  const question = (await document(house, lane))?.run?.question ?? null
  return question?.state === 'open' ? question : null
}

const conversations = (seed: string): string[] =>
  Array.from({ length: 4 }, (_, index) =>
    JSON.stringify({ id: `${seed}-${index}`, prompt: 'My order has not arrived.', answer: 'Let me look that up.' }),
  )
