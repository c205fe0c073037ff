/** A number that the doors tell, and when somebody should hear of it. */
export interface Told {
  id: string
  metric: string
  /** Of refusals: this one. */
  reason?: string
  /** The highest counts, in place of the sum. */
  highest?: true
  /** Alarms from this on. */
  from: number
  periods?: number
  says: string
  /** Section of docs/runbook.md. */
  runbook: string
}

/** What the doors themselves tell: `functions/aws-binding` names these metrics. */
export const TOLD: readonly Told[] = [
  {
    id: 'refused-signatures',
    metric: 'Refused',
    reason: 'bad-signature',
    from: 5,
    says: 'Requests come whose signature does not fit: a rotated secret, or somebody is trying.',
    runbook: 'refused-signatures',
  },
  {
    id: 'stale-signatures',
    metric: 'Refused',
    reason: 'stale-signature',
    from: 5,
    says: 'Requests come that were signed long ago: a clock is wrong, or somebody replays.',
    runbook: 'refused-signatures',
  },
  {
    id: 'healed',
    metric: 'Healed',
    from: 1,
    periods: 3,
    says: 'Resync finds something to mend again and again: events or wakes are being lost.',
    runbook: 'healed',
  },
  {
    id: 'waiting-long',
    metric: 'OldestRunHours',
    highest: true,
    from: 72,
    says: 'A run has been open for three days: an answer nobody gives, or a pool that never has room.',
    runbook: 'waiting-long',
  },
  {
    id: 'answers-expiring',
    metric: 'AnswersExpiring',
    highest: true,
    from: 1,
    says: 'A question expires within the hour and nobody has answered.',
    runbook: 'answers-expiring',
  },
  {
    id: 'due-late',
    metric: 'OldestDueMinutes',
    highest: true,
    from: 10,
    periods: 3,
    says: 'What is due is woken late.',
    runbook: 'due-late',
  },
  {
    id: 'due-left',
    metric: 'DueLeft',
    from: 5,
    periods: 3,
    says: 'Each minute more is due than a minute serves.',
    runbook: 'due-late',
  },
  {
    id: 'side-away',
    metric: 'SideAwayMinutes',
    highest: true,
    from: 30,
    says: 'A far side has not answered for half an hour: its lanes rest.',
    runbook: 'side-away',
  },
  {
    id: 'sides-refusing',
    metric: 'SidesRefusing',
    highest: true,
    from: 1,
    says: 'A far side does not let us: a token over its time, or a right that is missing.',
    runbook: 'sides-refusing',
  },
  {
    id: 'bugs',
    metric: 'Bugs',
    highest: true,
    from: 1,
    says: 'A lane rests since something of ours went wrong: it goes on after a deploy.',
    runbook: 'bugs',
  },
  {
    id: 'contended',
    metric: 'Contended',
    from: 5,
    says: 'A lane was written by others thirty times while one of them reconciled it.',
    runbook: 'contended',
  },
  {
    id: 'newer-schema',
    metric: 'NewerSchema',
    from: 1,
    says: 'A newer release has written rows that this one leaves alone.',
    runbook: 'newer-schema',
  },
]
