import * as z from 'zod/mini'
import { dollars, name } from './fields.ts'
import { lastResort } from './last-resort.ts'
import { notices } from './notices.ts'
import { MEASURES, rungName } from './rung.ts'

/** Rungs of one ladder: more is a slip of the hand. */
const MOST = 10

/** One rung: what is done from which share of the budget on. */
export const rung = z
  .strictObject({
    /** From which share of `dollars` on: 0.8 is 80 %, 1.2 is a fifth more than there is. */
    at: z
      .number()
      .check(z.positive('write a share of more than 0: 0.8 is 80 %'), z.maximum(10, 'write a share: 0.8 is 80 %')),
    /**
     * What is done while it is crossed. `notify` tells it, once a month. `ask-always`: people are asked about every plan that begins something, whatever it costs.
     * `no-new-runs`: no run of a pipeline begins, and no service that has nothing judged yet; what runs is finished, what carries over what was paid for goes on, and
     * what waited begins by itself afterwards. `suspend-preemptible`: stages that are `preemptible` are suspended, with their pods' own grace to save what they have, and go on
     * by themselves afterwards; none of them begins meanwhile. `cap-pools`: no pool has more nodes than there were, or were held, when it was crossed, and nothing is leased;
     * what runs is left alone, and a node that is lost may be replaced.
     */
    do: z.enum(MEASURES),
    /**
     * What becomes of services while it is crossed, besides. `floor`: each that has a `floor` is planned with that many replicas, where it has more: asked as `approvals` say, scaled by
     * its own way, and with its `replicas` again afterwards. Left out: they serve as ever.
     */
    serving: z.optional(z.literal('floor')),
  })
  .check(
    z.refine(({ do: does, serving }) => does !== 'notify' || serving === undefined, {
      path: ['serving'],
      message: '`notify` keeps nobody to anything: say it of another rung',
    }),
  )

/** What all plans together may hold and spend. */
export const budget = z.strictObject({
  /** Name of the budget, for people: what was spent and is held counts whatever it is called. */
  name: z._default(name, 'ml-monthly'),
  /** Dollars a calendar month (UTC). What services cost as they stand, once their rollouts are over, is not counted yet. */
  dollars,
  /**
   * What is done as the month’s spend on nodes, as the meter sees it, crosses shares of `dollars`: each while it is crossed, until the month turns,
   * `dollars` are raised, or a rung leaves the policy. Left out: nothing but that no plan begins that the budget has no room for.
   */
  ladder: z.optional(
    z
      .array(rung)
      .check(
        z.minLength(1, 'name a rung, or leave `ladder` out'),
        z.maxLength(MOST, `a ladder has at most ${MOST} rungs`),
      )
      .check(
        z.superRefine((rungs, context) => {
          for (const [index, one] of rungs.entries())
            if (rungs.findIndex((other) => rungName(other) === rungName(one)) < index)
              context.addIssue({
                code: 'custom',
                path: [index],
                message: `\`${one.do}\` is there already: one rung does it, from the lower share on`,
              })
        }),
      ),
  ),
  /** Who else counts its costs: what they tell is told beside our own figure, and never acted upon. */
  notices: z.optional(notices),
  /** What AWS does by itself, hours late, when nothing else has helped: no more GPU nodes are launched. Left out: nothing. */
  lastResort: z.optional(lastResort),
  /** `shadow` computes and tells what rungs come to, and nobody keeps to them. */
  mode: z.optional(z.enum(['act', 'shadow'])),
})
