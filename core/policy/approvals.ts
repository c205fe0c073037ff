import * as z from 'zod/mini'
import { filled, PERSON } from '../../events/input.ts'
import { approver, count, duration, matching } from './fields.ts'

/** The user groups among the approvers. Who is in them is known to Slack alone. */
export const groupsOf = ({ approvers }: { approvers: { id: string }[] }): string[] =>
  approvers.map(({ id }) => id).filter((id) => /\/S[A-Z0-9]+$/.test(id))

const account = matching(
  /^\d{12}$/,
  'name an AWS account by its 12 digits, in quotes: that is all that S3 says of who uploads',
)
const person = matching(PERSON, 'name a person as `TEAM/USER` ids, e.g. `T0SIGNAL/U0ANA`')

/** Votes that a question keeps at most: they lie in their lane's document. */
export const MOST_VOTES = 20

/** Whether somebody may cancel, retry, freeze and thaw. */
export const mayOperate = (by: string, { operators }: { operators?: { id: string }[] | undefined }): boolean =>
  operators === undefined || operators.some(({ id }) => id === by)

/** `; who is called ana there is …`, of somebody who is named as people call them; empty: nobody of these is called so. */
export const meantText = (by: string, people: readonly Person[]): string => {
  const found = people.find(({ name }) => name.toLowerCase() === by.toLowerCase())
  return found === undefined ? '' : `; who is called ${found.name} there is \`${found.id}\`: say \`--by ${found.id}\``
}

/** Why somebody may not do what operators alone may: with those who may, by what they are called and their ids. */
export const notAnOperator = (by: string, what: string, { operators = [] }: Pick<People, 'operators'>): string => {
  const names = operators.map(({ id, name }) => `${name} (${id})`).join(', ')
  return `${by} is none of approvals.operators, who alone may ${what}: ask ${names}${meantText(by, operators)}`
}

/** Everybody whom a policy names, approvers first, each once. */
export const peopleOf = ({ approvers, operators = [] }: People): Person[] => [
  ...approvers,
  ...operators.filter(({ id }) => approvers.every((one) => one.id !== id)),
]

type Person = { id: string; name: string }
interface People {
  approvers: readonly Person[]
  operators?: readonly Person[] | undefined
}

/** Who is asked, where, and when nobody needs to be. */
export const approvals = z
  .strictObject({
    /** Slack channel for cards, by its id. */
    channel: filled,
    /** People by their ids, or a Slack user group. */
    approvers: z
      .array(
        z.strictObject({
          /** `TEAM/USER` as Slack names them, or `TEAM/S…` for a user group. */
          id: approver,
          /** What people call them. */
          name: filled,
        }),
      )
      .check(z.minLength(1)),
    /** Who may cancel, retry, freeze and thaw; left out: whoever reaches the product. What the command line says with `--by` is a claim. */
    operators: z.optional(
      z
        .array(
          z.strictObject({
            /** `TEAM/USER` as Slack names them. */
            id: person,
            /** What people call them. */
            name: filled,
          }),
        )
        .check(z.minLength(1)),
    ),
    /** How many people must say yes, at most 20. */
    need: z._default(count, 1),
    /** Whether who asked for a plan may answer it too. */
    requesterMayApprove: z._default(z.boolean(), false),
    /**
     * Who uploads from which AWS account, as S3's event proves it: `'111122223333': 'T0SIGNAL/U0ANA'`. Map only accounts that one
     * person alone writes from: S3 names the account, and nobody in it. What a manifest or a tag says is a claim.
     */
    requesters: z.optional(z.record(account, person)),
    /** Nobody knows who asked, or it is only claimed: anyone of the approvers may answer, one more must, whatever it costs, or nothing is done. No registry proves who promoted a version, so `refuse` serves none. */
    unknownRequester: z._default(z.enum(['anyone', 'one-more', 'refuse']), 'anyone'),
    /** How long an answer is waited for; then the plan expires, which is a no. */
    expiry: z._default(duration, '4h'),
    /** Plans whose price in the bad case is below so many dollars need nobody, unless `unknownRequester` asks for one more. Of a service that is the rollout and the first day of what it adds to the running cost, and a version in another’s place adds nothing: so another version is asked about whatever it costs, unless a pipeline here registered it after its gates and its weights are pinned. Each attempt is a plan with a price and a bound of its own: with `retries: 2`, three of them may follow each other unasked, each below so much. 0 asks always. */
    autoApproveBelow: z._default(z.number().check(z.nonnegative()), 0),
  })
  .check(
    z.superRefine((value, context) => {
      const ids = new Set(value.approvers.map(({ id }) => id))
      if (ids.size !== value.approvers.length)
        context.addIssue({ code: 'custom', path: ['approvers'], message: 'name each approver once' })
      if (ids.size === 0) return
      const extra = value.unknownRequester === 'one-more' ? 1 : 0
      const needed = value.need + extra
      if (needed > MOST_VOTES)
        context.addIssue({
          code: 'custom',
          path: ['need'],
          message: `${needed} answers can be needed and a question keeps ${MOST_VOTES}: lower it to ${MOST_VOTES - extra}`,
        })
      else if (needed > ids.size && groupsOf(value).length === 0)
        context.addIssue({
          code: 'custom',
          path: ['need'],
          message: `${needed} answers can be needed but only ${ids.size} people may give one: add approvers or lower need`,
        })
    }),
  )
