import { expect, it } from 'vitest'
import { playBacklog } from './backlogs.ts'

/** A few more than a minute serves; `test/slow/backlog.ts` plays this and the other backlogs with up to 10,000. */
const LANES = 300

it('many lanes that an outage left behind are served in order, and a cancel among them is heard within 30 s', async () => {
  const checked: string[] = []
  await playBacklog('clusterAway', {
    lanes: LANES,
    check: async (what, work) => {
      const answer = await work()
      checked.push(what)
      return answer
    },
    say: () => undefined,
  })
  expect(checked.length).toBeGreaterThan(2)
})
