import { runName } from '../core/names.ts'
import type { AnswerRow, LaneRow } from '../core/rows.ts'
import type { LocalHouse } from './house.ts'
import { promote, registerVersion, uploadDataset } from './scenario.ts'

/** Where the tour is played: the terminal answers its questions itself, the page waits for the person's clicks. */
export interface Stage {
  say(line: string): void
  /** Goes on until this holds; throws when it does not in a day of the tour's time. */
  until(what: string, done: () => Promise<boolean>): Promise<void>
  /** Who answers, as `TEAM/USER`; null: the person at the page. */
  answerAs: string | null
}

/** How one chapter ended beside how it should. */
export interface Chapter {
  title: string
  lane: string
  expected: string
  outcome: string
}

const TRAIN = 'train/support-chats'
const SERVE = 'serve/support-llama'

/** The story: a dataset is fine-tuned on, the model is promoted and rolled out, a worse one fails its gate and walks back. */
export const playTour = async (house: LocalHouse, stage: Stage): Promise<Chapter[]> => {
  stage.say('1 · A dataset lands in the bucket acme-datasets. Its manifest is written last.')
  const trained = await chapter(house, stage, {
    title: 'dataset → fine-tuning → evaluation → registered',
    lane: TRAIN,
    expected: 'succeeded',
    act: () => uploadConversations(house),
  })
  const run = (await house.ports.ledger.read('run', trained.id))?.value
  const version = String(run?.steps.find(({ kind }) => kind === 'register-model')?.result?.['version'] ?? '1')

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
  return [trained, rolled, failed].map(({ title, lane, expected, outcome }) => ({ title, lane, expected, outcome }))
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

const chapter = async (
  house: LocalHouse,
  stage: Stage,
  { title, lane, expected, act }: Omit<Chapter, 'outcome'> & { act: () => Promise<void> },
): Promise<Chapter & { id: string }> => {
  const before = await row(house, lane)
  await act()
  const started = async () => ((await row(house, lane))?.generation ?? 0) > (before?.generation ?? 0)
  await stage.until(`${lane} has something to do`, started)
  await stage.until(
    `${lane} asks`,
    async () => (await openQuestion(house, lane)) !== null || (await isOver(house, lane)),
  )
  const question = await openQuestion(house, lane)
  if (question !== null) {
    const plan = (await house.ports.ledger.read('plan', question.plan))?.value
    stage.say(
      `    plan: ${plan?.title} · at most $${plan?.bounds.dollars.toFixed(2)} · ${plan?.strategy?.name ?? 'run once'}`,
    )
    stage.say(
      stage.answerAs === null
        ? '    It waits for you: press Approve in the Slack pane.'
        : `    asked; ${stage.answerAs} approves`,
    )
    if (stage.answerAs !== null)
      await house.answer(question.id, { by: stage.answerAs, verdict: 'approve', reason: null })
  }
  await stage.until(`${lane} has an outcome`, () => isOver(house, lane))
  const ended = await row(house, lane)
  const outcome = `${ended?.outcome?.kind}${ended?.outcome?.reason ? `: ${ended.outcome.reason}` : ''}`
  stage.say(`    ${outcome === expected ? '✓' : '✗'} ${outcome} · ${ended?.outcome?.detail}`)
  return { title, lane, expected, outcome, id: await runId(house, ended as LaneRow) }
}

const row = async (house: LocalHouse, lane: string): Promise<LaneRow | null> =>
  (await house.ports.ledger.read('lane', lane))?.value ?? null

const isOver = async (house: LocalHouse, lane: string): Promise<boolean> => {
  const current = await row(house, lane)
  return current !== null && current.state !== 'wanted' && current.state !== 'idle' && current.holder === null
}

/** The posted question of whoever holds the lane. */
const openQuestion = async (house: LocalHouse, lane: string): Promise<AnswerRow | null> => {
  const current = await row(house, lane)
  if (current?.holder == null) return null
  const run = (await house.ports.ledger.read('run', await runId(house, { ...current, ...current.holder })))?.value
  const answer = run?.answer == null ? null : ((await house.ports.ledger.read('answer', run.answer))?.value ?? null)
  return answer?.state === 'open' && answer.card !== null ? answer : null
}

const runId = async (house: LocalHouse, run: { lane: string; generation: number; attempt: number }): Promise<string> =>
  runName(await house.ports.policies.load(), run)

const conversations = (seed: string): string[] =>
  Array.from({ length: 4 }, (_, index) =>
    JSON.stringify({ id: `${seed}-${index}`, prompt: 'My order has not arrived.', answer: 'Let me look that up.' }),
  )
