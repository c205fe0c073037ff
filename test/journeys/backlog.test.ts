import { expect, it } from 'vitest'
import { playBacklog } from './backlogs.ts'

/** A few more than a minute serves; `test/slow/backlog.ts` does the same with 10,000, and where wakes were lost. */
const LANES = 300

it.each(['clusterAway', 'behindNewer', 'endsUnheard'] as const)(
  'many lanes that an outage left behind are served in order, and a cancel among them is heard within 30 s: %s',
  async (name) => {
    const checked: string[] = []
    await playBacklog(name, {
      lanes: LANES,
      check: async (what, work) => {
        const answer = await work()
        checked.push(what)
        return answer
      },
      say: () => undefined,
    })
    expect(checked.length).toBeGreaterThan(2)
  },
)
