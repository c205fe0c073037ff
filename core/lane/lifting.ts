import { nameOf } from '../answers.ts'
import { ruleFor } from '../lane-kinds/catalogue.ts'
import { rungsInForce } from '../money/rungs.ts'
import { liftTitle } from '../planning/lift.ts'
import { mayOperate, notAnOperator } from '../policy/approvals.ts'
import { said } from '../text.ts'
import { firstAttempt } from './attempts.ts'
import { type Change, changed, DETAIL, moment } from './change.ts'
import { refuse, type Said } from './commanded.ts'
import { wantedRun } from './document.ts'
import type { LiftLetter } from './letters.ts'
import type { View } from './view.ts'

/** A person's word that a rung is kept to no more this month. It is wanted as anything else is: planned, priced and asked about. */
export const foldLift = (view: View, letter: LiftLetter): Change => {
  const { doc, policy } = view
  const answer = notAllowed(view, letter) ?? lifted(view, letter)
  const did = answer.kind === 'did'
  const { doc: after = doc } = answer
  const data = {
    became: did ? 'recorded' : 'refused',
    reason: did ? null : answer.reason,
    detail: said(answer.detail, DETAIL),
    letters: [letter.id],
  }
  const text = `${nameOf(letter.by, policy.approvals)} says lift ${letter.rung}: ${answer.detail}`
  return changed(after, {
    removed: [letter],
    moments: [moment('note', text, { run: wantedRun(after), data })],
    counts: [did ? 'command:lift' : `refused:${answer.reason}`],
  })
}

/** Who may say so is the policy's as it is now (law 15). */
const notAllowed = ({ kind, doc, policy }: View, { by }: LiftLetter): Said | null => {
  if (kind.ladder !== true || ruleFor(kind, doc.lane, policy) === null)
    return refuse('not-configured', `${doc.lane} has no ladder: there is nothing to lift`)
  if (policy.budget.mode === 'shadow')
    return refuse('in-shadow', '`budget.mode` is shadow: nobody keeps to its rungs, and there is nothing to lift')
  return mayOperate(by, policy.approvals)
    ? null
    : refuse('not-an-operator', notAnOperator(by, 'lift a rung', policy.approvals))
}

const lifted = (view: View, { id, rung, by, why }: LiftLetter): Said => {
  const { doc, policy, rungs, now, kind } = view
  const all = rungsInForce(policy, rungs, now).filter(({ name }) => !name.startsWith('notify@'))
  const row = all.find(({ name }) => name === rung)
  const names = all.map(({ name }) => name).join(', ')
  if (row === undefined)
    return refuse(
      'no-such-rung',
      `${said(rung, 60)} of ${policy.budget.name} is not in force${names === '' ? ', and nothing else is' : `: ${names} is`}`,
    )
  if (doc.run !== null || (doc.desired !== null && doc.outcome === null))
    return refuse(
      'in-progress',
      `${kind.titleOf((doc.run ?? doc).desired as never)} is being asked about: answer it or cancel it (\`signalbox cancel ${doc.lane}\`), then say this again`,
    )
  const desired = { kind: 'lifted' as const, asked: id, rung, until: row.until, why, requester: by }
  return {
    kind: 'did',
    doc: { ...firstAttempt(view, desired), order: null, onNewer: 'stop' },
    detail: `${liftTitle(desired)}: it is planned, and people are asked about it`,
  }
}
