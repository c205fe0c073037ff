import { nameOf } from '../answers.ts'
import { ruleFor } from '../lane-kinds/catalogue.ts'
import { laneName } from '../lane-kinds/kind.ts'
import { capOf } from '../money/rungs.ts'
import { whyCapped } from '../money/rungs-text.ts'
import { leaseTitle } from '../planning/lease.ts'
import { mayOperate, notAnOperator, peopleOf } from '../policy/approvals.ts'
import type { ContributionRow } from '../pools/contribution.ts'
import { amountText, countsOf } from '../pools/counts.ts'
import { type Leasing, leasesIn, whyNoLease } from '../pools/lease.ts'
import { minuteText, said } from '../text.ts'
import { firstAttempt } from './attempts.ts'
import { looksAgain } from './ceilings.ts'
import { type Change, changed, DETAIL, moment } from './change.ts'
import { refuse, type Said } from './commanded.ts'
import { type LaneDocument, wantedRun } from './document.ts'
import type { GoOnLetter, LeaseLetter } from './letters.ts'
import type { View } from './view.ts'

/** What a lease comes to: what the lane then is, and what is forgotten by it. */
type Leased = Said & { ends?: ContributionRow }

/** What a pool's lane is told: of a lease, or that something has moved what it had set. Any other lane only looks again. */
export const foldOfPool = (view: View, letter: LeaseLetter | GoOnLetter): Change =>
  letter.kind === 'lease' ? foldLease(view, letter) : changed(looksAgain(view.doc), { removed: [letter] })

/**
 * A person's lease of a pool, its extension or its end. It is wanted as anything else is: planned, priced and asked about as the policy
 * says. To end one needs nobody's word: the ceiling falls, and nothing is stopped.
 */
const foldLease = (view: View, letter: LeaseLetter): Change => {
  const { doc, policy } = view
  if (doc.warned?.includes(letter.id)) return changed(doc, { removed: [letter], counts: ['ignored:already-done'] })
  const who = nameOf(letter.by, policy.approvals)
  const answer = notAllowed(view, letter) ?? leased(view, letter)
  const did = answer.kind === 'did'
  const { doc: after = doc } = answer
  const text = `${who} says lease: ${answer.detail}`
  const data = {
    became: did ? 'recorded' : 'refused',
    reason: did ? null : answer.reason,
    detail: said(answer.detail, DETAIL),
    letters: [letter.id],
  }
  return changed(told(after, letter), {
    removed: [letter],
    contributions: answer.ends === undefined ? [] : [{ row: answer.ends, gone: true }],
    moments: [moment('note', text, { run: wantedRun(after), data })],
    counts: [did ? `command:lease-${letter.does}` : `refused:${answer.reason}`],
    tellings: letter.replyTo == null ? [] : [{ kind: 'reply', to: letter.replyTo, text: said(answer.detail, DETAIL) }],
  })
}

/** Requests that are known again: more than a pool is told of in the minutes for which a signature is good. */
const KNOWN = 20

/** What came signed is known again: whoever has the bytes may send them once more. */
const told = (doc: LaneDocument, { id, proven }: LeaseLetter): LaneDocument =>
  proven === true ? { ...doc, warned: [...(doc.warned ?? []), id].slice(-KNOWN) } : doc

/** Who may say so is the policy's as it is now (law 15). */
const notAllowed = (view: View, { by, proven }: LeaseLetter): Leased | null => {
  const { kind, doc, policy } = view
  const rule = ruleFor(kind, doc.lane, policy)
  if (rule?.mode === 'shadow')
    return refuse(
      'in-shadow',
      `pools.${rule.name} is in shadow and nothing of it is touched: set its mode to act first`,
    )
  if (kind.grants !== true || rule === null)
    return refuse('not-configured', `the policy has no pool ${laneName(doc.lane)}: nothing can be leased of it`)
  // Whoever is in a workspace may say something there: without operators it is who is named at all.
  const named = proven !== true || peopleOf(policy.approvals).some(({ id }) => id === by)
  if (!named)
    return refuse(
      'not-an-operator',
      `${by} is named neither in approvals.operators nor among the approvers: ask one of them`,
    )
  return mayOperate(by, policy.approvals)
    ? null
    : refuse('not-an-operator', notAnOperator(by, 'lease', policy.approvals))
}

const leased = (view: View, letter: LeaseLetter): Leased => {
  const { doc, policy, contributions, now } = view
  const name = laneName(doc.lane)
  const rule = policy.pools[name] as Leasing['rule']
  const leasing: Leasing = { name, rule, rows: contributions, now }
  if (letter.does === 'end') return ended(leasing, letter)
  const asked = askedOf(leasing, letter)
  if ('kind' in asked) return asked
  const cap = capOf(name, policy, view)
  const why = whyNoLease(asked, leasing) ?? (cap === null ? null : whyCapped(cap, policy.budget.name))
  if (why !== null) return refuse('lease-not-allowed', why)
  if (doc.run !== null || (doc.desired !== null && doc.outcome === null))
    return refuse(
      'in-progress',
      `${view.kind.titleOf((doc.run ?? doc).desired as never)} of ${name} is being asked about or carried out: answer it or cancel it (\`signalbox cancel ${doc.lane}\`), then say this again`,
    )
  const desired = {
    kind: 'leased' as const,
    asked: letter.id,
    ...asked,
    ...countsOf(rule),
    requester: letter.by,
    ...(letter.proven === true ? { proven: true as const } : {}),
  }
  const next = { ...firstAttempt(view, desired), order: null, onNewer: 'stop' as const }
  return {
    kind: 'did',
    doc: next,
    detail: `${leaseTitle(desired)} of ${name}: it is planned, and asked about where the policy says so`,
  }
}

/** What is asked for; of an extension the lease that is meant. */
const askedOf = (leasing: Leasing, letter: LeaseLetter) => {
  const { gpus, until, more } = letter
  if (letter.does === 'take') return { gpus: gpus ?? 0, until: until ?? 0 }
  const meant = meantIn(leasing, letter)
  if ('reason' in meant) return meant
  return { gpus: meant.gpus, until: until ?? meant.until + (more ?? 0), of: meant.id }
}

/** The lease that is named, or the only one that there is. */
const meantIn = (
  { name, rule, rows, now }: Leasing,
  { of }: Pick<LeaseLetter, 'of'>,
): ContributionRow | Extract<Said, { kind: 'refused' }> => {
  const all = leasesIn(rows, now)
  const found = of === null ? (all.length === 1 ? all[0] : undefined) : all.find(({ id }) => id === of)
  if (found !== undefined) return found
  const there = all
    .map(({ id, gpus, until }) => `${id} (${amountText(gpus, rule)} until ${minuteText(until)})`)
    .join(', ')
  const detail =
    all.length === 0
      ? `nothing is leased of ${name}`
      : of === null
        ? `${name} has several leases: name one of ${there}`
        : `${name} has no lease ${of}: it has ${there}`
  return refuse('no-such-lease', detail) as Extract<Said, { kind: 'refused' }>
}

const ended = (leasing: Leasing, letter: LeaseLetter): Leased => {
  const meant = meantIn(leasing, letter)
  if ('reason' in meant) return meant
  const detail = `the lease ${meant.id} of ${amountText(meant.gpus, leasing.rule)} of ${leasing.name} is over: what runs is finished, and nothing new begins on them`
  return { kind: 'did', detail, ends: meant } as Leased
}
