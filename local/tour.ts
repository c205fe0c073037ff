import type { LaneDocument } from '../core/lane/document.ts'
import type { Question } from '../core/lane/question.ts'
import type { Policy } from '../core/policy.ts'
import { resultId } from '../core/rows.ts'
import { readRow } from '../flows/rows.ts'
import { lastRun } from '../flows/runs.ts'
import type { LocalHouse } from './house.ts'
import { promote, registerVersion, uploadDataset } from './scenario.ts'
import { playDrift, playMonth } from './tour-edits.ts'
import type { Chapter, Play, Stage } from './tour-stage.ts'

const TRAIN = 'pipeline/support-chats'
const SERVE = 'service/support-llama'

/** Why the story cannot be played under a policy: it is told of one bucket and two lanes; null when it can. */
export const tourNeeds = ({ pipelines, services }: Policy): string | null =>
  pipelines['support-chats']?.on.dataset?.bucket === 'acme-datasets' && services['support-llama'] !== undefined
    ? null
    : 'the tour tells of the example policy: it needs the pipeline `support-chats` on the bucket `acme-datasets` and the service `support-llama`'

/**
 * The story: a dataset is fine-tuned on, the model is promoted and rolled out, a worse one fails its gate and walks back. Where the policy may be
 * edited, the model drifts and is trained anew, a rung asks as the month's money goes, and that runs out and comes again.
 */
export const playTour = async (house: LocalHouse, stage: Stage): Promise<Chapter[]> => {
  stage.say('1 · A dataset lands in the bucket acme-datasets. Its manifest is written last.')
  const trained = await chapter(house, stage, {
    title: 'dataset → fine-tune → evaluate → registered',
    lane: TRAIN,
    expected: 'succeeded',
    act: () => uploadConversations(house),
  })
  const version = (await registeredBy(house, TRAIN)) ?? '1'

  stage.say(`2 · Somebody gives the alias champion to support-llama v${version} in the registry.`)
  const rolled = await chapter(house, stage, {
    title: `v${version} promoted → rolled out behind its gate`,
    lane: SERVE,
    expected: 'succeeded',
    act: () => promote(house, 'support-llama', version),
  })

  const slow = { metrics: { health: 1, p95_ms: 5200, error_rate: 0.2 } }
  const worse = await registerVersion(house, { model: 'support-llama', simulation: slow })
  stage.say(`3 · v${worse} is promoted. It is slow and it errs, which nobody knows yet.`)
  const failed = await chapter(house, stage, {
    title: `v${worse} promoted → gate fails → walks back to v${version}`,
    lane: SERVE,
    expected: 'failed: gate',
    act: () => promote(house, 'support-llama', worse),
  })
  const { edit } = stage
  if (edit === null) return [trained, rolled, failed]
  const play: Play = {
    chapter: (told) => chapter(house, stage, told),
    upload: () => uploadConversations(house),
    registered: () => registeredBy(house, TRAIN),
  }
  const goesOn = { ...stage, edit }
  return [trained, rolled, failed, ...(await playDrift(house, goesOn, play)), ...(await playMonth(house, goesOn, play))]
}

const uploadConversations = async (house: LocalHouse): Promise<void> => {
  const day = new Date(house.clock.now()).toISOString().replace(/[:.]/g, '-')
  const folder = `support-chats/${day}/`
  await uploadDataset(house, {
    bucket: 'acme-datasets',
    folder,
    rows: conversations(day),
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
  const outcome = `${ended?.kind}${ended?.reason ? `: ${ended.reason}` : ''}`
  stage.say(`    ${outcome === expected ? '✓' : '✗'} ${outcome} · ${ended?.detail}`)
  return { title, lane, expected, outcome }
}

const answerIt = async (
  house: LocalHouse,
  { say, answerAs }: Stage,
  { lane, question }: { lane: string; question: Question },
): Promise<void> => {
  const plan = (await readRow(house.ports.ledger, 'plan', lane))?.value.plan
  say(`    plan: ${plan?.title} · at most $${plan?.bounds.dollars.toFixed(2)} · ${plan?.strategy?.name ?? 'run once'}`)
  if (plan?.approval.why !== undefined) say(`    asked, since ${plan.approval.why}`)
  say(answerAs === null ? '    It waits for you: press Approve in the Slack pane.' : `    asked; ${answerAs} approves`)
  if (answerAs !== null) await house.answer(question.id, { by: answerAs, verdict: 'approve', reason: null })
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
