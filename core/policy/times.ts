import * as z from 'zod/mini'
import { short } from '../../events/input.ts'
import { isZone } from '../pools/local-time.ts'
import { whyNoSchedule } from '../slots.ts'

/** Longest schedule. Characters. */
const LONGEST = 100

/** Times at which something begins. */
export const schedule = z
  .strictObject({
    /** Minute, hour, day of the month, month and day of the week, as cron has them: `0 2 * * *` is each night at two. */
    cron: short(LONGEST),
    /** Whose clocks are meant: a zone of the IANA database, `Europe/Berlin`. A time that a clock leaves out when it is set comes as it is set; one that it shows twice comes once. */
    zone: short(LONGEST).check(
      z.refine(
        isZone,
        'no such zone is in the IANA database: write one such as `Europe/Berlin`, `America/New_York` or `UTC`',
      ),
    ),
  })
  .check(
    z.superRefine(({ cron, zone }, context) => {
      if (!isZone(zone)) return
      const why = whyNoSchedule({ cron, zone })
      if (why !== null) context.addIssue({ code: 'custom', path: ['cron'], message: why })
    }),
  )
