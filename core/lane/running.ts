import { nameOf } from '../answers.ts'
import { ruleFor } from '../lane-kinds/catalogue.ts'
import { mayOperate } from '../policy/approvals.ts'
import type { Decision } from '../reactions/reaction.ts'
import type { CommandRefusal, Ignored, Waiting } from '../reasons.ts'
import { minuteText, said } from '../text.ts'
import { type Change, changed, DETAIL, moment } from './change.ts'
import { type LaneDocument, wantedRun } from './document.ts'
import { intend } from './intend.ts'
import type { RunLetter } from './letters.ts'
import type { Seen } from './planning.ts'
import type { View } from './view.ts'

/** What it comes to. */
type Came = { kind: 'did'; doc: LaneDocument; detail: string } | { kind: 'refused'; reason: Why; detail: string }
type Why = CommandRefusal | Ignored | Waiting

/**
 * A run that somebody asks for. It is wanted as anything else is: planned, priced and asked about as the policy says. The same request said
 * again is the same run.
 */
export const foldRun = (view: View, letter: RunLetter, given: { decision: Decision; seen: Seen }): Change => {
  const { doc, policy } = view
  const { by, id } = letter.event
  const answer = notAllowed(view, letter) ?? ran(view, letter, given)
  const did = answer.kind === 'did'
  const after = did ? answer.doc : doc
  const data = {
    ...{ became: did ? 'recorded' : 'refused', reason: did ? null : answer.reason },
    ...{ detail: said(answer.detail, DETAIL), letters: [letter.id], request: id },
  }
  const text = `${said(nameOf(by, policy.approvals), 100)} says run: ${answer.detail}`
  return changed(after, {
    removed: [letter],
    moments: [moment('note', text, { run: wantedRun(after), data })],
    counts: [did ? 'command:run' : `refused:${answer.reason}`],
  })
}

const refused = (reason: Why, detail: string): Came => ({ kind: 'refused', reason, detail })

/** Who may say so, and whether anything may begin, is the policy's as it is now (law 15). */
const notAllowed = (view: View, { event: { by } }: RunLetter): Came | null => {
  const { doc, policy, now } = view
  const rule = ruleFor(view.kind, doc.lane, policy)
  if (rule === null) return refused('not-configured', `the policy has no rule for ${doc.lane}`)
  if (!mayOperate(by, policy.approvals))
    return refused('not-an-operator', `${by} is none of approvals.operators, who alone may run it: ask one of them`)
  if (rule.mode === 'shadow')
    return refused('in-shadow', `the rule of ${doc.lane} is in shadow and touches nothing: set its mode to act first`)
  const until = view.frozenUntil ?? 0
  return until > now
    ? refused('frozen', `${doc.lane} is frozen until ${minuteText(until)}: thaw it first, or say this again then`)
    : null
}

const ran = (view: View, { event }: RunLetter, { decision, seen }: { decision: Decision; seen: Seen }): Came => {
  const { doc, kind } = view
  if (decision.kind !== 'intend') {
    // A request that is said again, since its answer was lost, is answered as it was.
    return decision.reason === 'already-done'
      ? { kind: 'did', doc, detail: `${decision.detail}: nothing more begins` }
      : refused(decision.reason, decision.detail)
  }
  const { desired } = decision.intent
  const isSame = doc.desired !== null && kind.keyOf(doc.desired as never) === kind.keyOf(desired as never)
  if (isSame) return { kind: 'did', doc, detail: `the request ${event.id} is known: nothing more begins` }
  if (doc.run !== null || (doc.desired !== null && doc.outcome === null))
    return refused(
      'in-progress',
      `${kind.titleOf((doc.run ?? doc).desired as never)} is being asked about or carried out: wait, or cancel it (\`signalbox cancel ${doc.lane}\`), then say this again`,
    )
  const wanted = intend(view, decision.intent, seen)
  if (wanted.kind === 'ignore' || wanted.kind === 'later') return refused(wanted.reason ?? 'in-progress', wanted.detail)
  if (wanted.kind === 'note') return { kind: 'did', doc: wanted.doc, detail: wanted.detail }
  return {
    kind: 'did',
    doc: wanted.doc,
    detail: `${kind.titleOf(desired as never)}: it is planned, and asked about where the policy says so`,
  }
}
