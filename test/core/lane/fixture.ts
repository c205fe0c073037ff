import type { ServeDesired } from '../../../core/desired.ts'
import type { Act } from '../../../core/lane/act.ts'
import type { Change } from '../../../core/lane/change.ts'
import { emptyDocument, type LaneDocument, type Mark, type Run } from '../../../core/lane/document.ts'
import type { CommandLetter, LookLetter, VoteLetter } from '../../../core/lane/letters.ts'
import { hasLooked } from '../../../core/lane/looking-again.ts'
import { next } from '../../../core/lane/next.ts'
import { pending } from '../../../core/lane/planning.ts'
import type { Approved, Question } from '../../../core/lane/question.ts'
import { type Result, settle } from '../../../core/lane/settle.ts'
import type { View } from '../../../core/lane/view.ts'
import { kindOf, laneKinds } from '../../../core/lane-kinds/catalogue.ts'
import { type Config, parsePolicy } from '../../../core/policy.ts'
import { reactions } from '../../../core/reactions/catalogue.ts'
import type { DatasetFacts } from '../../../core/reactions/dataset-uploaded.ts'
import { serveDesired } from '../../../core/reactions/model-promoted.ts'
import type { DatasetUploaded, ModelPromoted } from '../../../events/contract.ts'
import config from '../../example.ts'
import { desired, emptyPool, emptyWorld, NOW, trainPlan } from '../training-fixture.ts'

export const ANA = 'T0SIGNAL/U0APPROVER'
export const BEN = 'T0SIGNAL/U0BEN'
export const MALLORY = 'T0SIGNAL/U0MALLORY'
export const PIPELINE = 'pipeline/support-chats'
export const SERVICE = 'service/support-llama'
export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export { NOW }

/** The example's policy after a change. */
export const policyWith = (change: (config: Config) => void = () => undefined) => {
  const given: Config = structuredClone(config)
  change(given)
  return parsePolicy(given)
}
export const policy = policyWith()

export const docOf = (over: Partial<LaneDocument> = {}): LaneDocument => ({
  ...emptyDocument(policy, over.lane ?? PIPELINE),
  ...over,
})

/** A lane that wants its dataset, for the first time. */
export const wanted = (over: Partial<LaneDocument> = {}): LaneDocument =>
  docOf({ desired, generation: 1, attempt: 1, since: NOW, order: 'o', attemptsLeft: policy.retries, ...over })

/** A view of the document, with nothing else known. */
export const viewOf = (over: Partial<View> = {}): View => {
  const doc = over.doc ?? wanted()
  const kind = kindOf(laneKinds, doc.lane)
  if (kind === undefined) throw new Error(`no kind of lane for ${doc.lane}`)
  return {
    now: NOW,
    me: 'me',
    handover: 90_000,
    identity: { installation: policy.installation, ledger: 'feedfacecafe', name: doc.name },
    secret: 'kept from everybody',
    fenceFrom: 0,
    generationFrom: 0,
    kind,
    reactions,
    policy,
    revision: 3,
    doc,
    plan: null,
    letters: [],
    later: [],
    unread: false,
    frozenUntil: null,
    frozenPools: {},
    holds: {},
    lines: {},
    line: null,
    contributions: [],
    rungs: [],
    metered: null,
    sides: {},
    groups: new Map(),
    results: {},
    world: null,
    looked: false,
    fresh: false,
    moved: false,
    ...over,
  }
}

/** What planning the lane's dataset comes to, as it is stored. */
export const planRow = { plan: trainPlan(), back: [] }

export const markOf = (over: Partial<Mark> = {}): Mark => ({
  ...pending({ name: 'train', kind: 'launch-job', title: 'Fine-tune' }, 'key-train', 'forth'),
  ...over,
})
/** A step that this invocation, or another, has marked, and when. */
export const running = (over: Partial<Mark> = {}): Mark =>
  markOf({ state: 'running', by: 'me', markedAt: NOW, startedAt: NOW, fence: 4, ...over })

export const runOf = (over: Partial<Run> = {}): Run => ({
  generation: 1,
  attempt: 1,
  desired,
  startedAt: NOW,
  phase: 'planned',
  digest: planRow.plan.digest,
  question: null,
  asked: 0,
  hold: null,
  steps: [],
  ending: null,
  cancelled: null,
  cleared: false,
  ...over,
})

export const questionOf = (over: Partial<Question> = {}): Question => ({
  id: `${PIPELINE}#1.${planRow.plan.digest.slice(0, 16)}.${NOW.toString(36)}`,
  digest: planRow.plan.digest,
  bounds: planRow.plan.bounds,
  openedAt: NOW,
  until: NOW + 4 * HOUR,
  need: 1,
  requester: null,
  votes: [],
  state: 'open',
  reminded: false,
  ...over,
})
/** A run whose question is open, or was answered. */
export const asking = (over: Partial<Question> = {}): Run =>
  runOf({ phase: 'asked', question: questionOf(over), asked: 1 })

const written = { id: '00000000000001.a', lane: PIPELINE, at: NOW, due: NOW }

export const uploaded: DatasetUploaded = {
  type: 'dataset-uploaded',
  id: 'e',
  at: NOW,
  bucket: desired.bucket,
  key: desired.key,
  versionId: null,
  replayed: false,
}
export const promoted: ModelPromoted = {
  type: 'model-promoted',
  id: 'd',
  at: NOW,
  model: 'support-llama',
  signal: { kind: 'alias', name: 'champion' },
  replayed: false,
}
/** Where the letters of these events point. */
export const AT = `s3://${desired.bucket}/${desired.key}`
export const ALIAS = 'support-llama@champion'

export const lookLetter = (over: Partial<LookLetter> = {}): LookLetter => ({
  ...written,
  kind: 'look',
  event: uploaded,
  from: 'door',
  waits: null,
  tries: 0,
  ...over,
})
export const vote = (over: Partial<VoteLetter> = {}): VoteLetter => ({
  ...written,
  kind: 'vote',
  question: questionOf().id,
  verdict: 'approve',
  by: ANA,
  byName: 'ana',
  workspace: 'T0SIGNAL',
  reason: null,
  replyTo: null,
  ...over,
})
export const command = (kind: CommandLetter['kind'], over: Partial<CommandLetter> = {}): CommandLetter => ({
  ...written,
  kind,
  by: 'carla',
  saw: null,
  from: null,
  wanted: false,
  ...over,
})

export const facts = (over: Partial<DatasetFacts & { kind: 'manifest' }> = {}): DatasetFacts => ({
  kind: 'manifest',
  sha256: desired.version,
  lastModified: NOW - 1000,
  etag: desired.etag,
  objects: desired.objects,
  bytes: desired.bytes,
  requester: null,
  missing: [],
  missingCount: 0,
  ...over,
})

export const served = (version: string, source = `s3://acme-results/models/${version}/`): ServeDesired =>
  serveDesired('support-llama', { version, source, runId: null, requester: null })

/** Worlds: one with room, one whose budget is spent, one whose pool others hold. */
export const seenWorld = emptyWorld()
export const poor = emptyWorld({ dollars: { spent: 20_000, held: 0 } })
export const busy = emptyWorld({
  pools: { 'gpu-train': emptyPool('gpu-train', { heldByOthers: 12 }), 'gpu-serve': emptyPool('gpu-serve') },
})
/** A policy that asks nobody about less than a thousand dollars. */
export const free = policyWith((given) => {
  given.approvals.autoApproveBelow = 1000
})

/** What was approved: the example's plan, by one approver, unless told otherwise. */
export const approvedBy = (over: Partial<Approved> = {}): Approved => ({
  question: questionOf({ state: 'approved', votes: [{ by: ANA, verdict: 'approve', reason: null, at: NOW }] }),
  spent: 0,
  begun: false,
  ...over,
})

export const SEEN: Result = { kind: 'seen', kept: {} }
export const NOTHING: Result = { kind: 'nothing' }
export const looked = (said: Record<string, { kind: string }>): Result => ({ kind: 'looked', facts: said, kept: {} })

/** The view after a change, as reconcile has it once it is committed. `now`: how much later. */
export const after = (view: View, act: Act, change: Change, later = 0): View => {
  const gone = new Set([...change.removed, ...change.later].map(({ id }) => id))
  const rest = change.rest ?? view.doc.rest
  return {
    ...view,
    now: view.now + later,
    revision: view.revision + 1,
    doc: { ...change.doc, rest, due: change.rest === null ? view.now + view.handover : change.rest.until },
    plan: change.plan === undefined ? view.plan : change.plan,
    letters: view.letters.filter(({ id }) => !gone.has(id)),
    later: [...view.later.filter(({ id }) => !gone.has(id)), ...change.later],
    results: { ...view.results, ...Object.fromEntries(change.results.map((row) => [row.row, row])) },
    looked: hasLooked(view, act, change),
    fresh: act.kind === 'plan',
    moved: change.rest === null,
  }
}

/** Goes on by what each act comes to, until the lane rests or `until` holds; the acts by name, and where it then is. */
export const goOn = (
  start: View,
  answer: (act: Act, view: View) => Result,
  until: (view: View) => boolean = () => false,
): { acts: string[]; view: View; changes: Change[] } => {
  const [acts, changes]: [string[], Change[]] = [[], []]
  let view = start
  for (let steps = 0; steps < 100 && !until(view); steps++) {
    const act = next(view)
    if (act.kind === 'rest') return { acts: [...acts, `rest ${act.rest.why}`], view, changes }
    const change = settle(view, act, answer(act, view))
    acts.push('step' in act ? `${act.kind} ${act.step}` : act.kind)
    changes.push(change)
    view = after(view, act, change)
    if (change.rest !== null) return { acts: [...acts, `rest ${change.rest.why}`], view, changes }
  }
  return { acts, view, changes }
}
