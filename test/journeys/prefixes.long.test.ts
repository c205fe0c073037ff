import { expect, it } from 'vitest'
import type { LaneDocument } from '../../core/lane/document.ts'
import { outboxOf } from '../../flows/outbox.ts'
import { type Ports, Unavailable } from '../../flows/ports.ts'
import { reconcile } from '../../flows/reconcile.ts'
import { CATALOGUES } from '../../functions/door.ts'
import { openStage } from '../faults/crashing.ts'
import { stories } from '../faults/stories.ts'
import type { Town } from './town.ts'

/** The lane's only consumer: it always has the same name, so that what it marked is its own, however often it begins anew. */
const ME = { ...CATALOGUES, me: 'the-same', handover: 30_000 }

/** An object's etag is another one each time that it is written. */
const withoutEtag = (document: LaneDocument): LaneDocument =>
  JSON.parse(JSON.stringify(document, (key, value: unknown) => (key === 'etag' ? null : value))) as LaneDocument

/**
 * Lanes are reconciled here, in place of the house's own queue, and every document that is committed is kept. `cut`: whoever
 * reconciles is cut off after each commit and another begins with nothing but what is written down.
 */
const consumer = ({ cut }: { cut: boolean }) => {
  const committed: LaneDocument[] = []
  const woken = new Set<string>()
  let invocations = 0
  let ports: Ports | null = null
  const cutOff = (given: Ports): Ports => ({
    ...given,
    ledger: {
      ...given.ledger,
      commit: async (writes) => {
        const done = await given.ledger.commit(writes)
        const [document] = writes.flatMap((write) => ('put' in write && write.put === 'lane' ? [write.value] : []))
        if (!done.ok || document === undefined) return done
        committed.push(withoutEtag(document))
        if (cut) throw new Unavailable('cut off here')
        return done
      },
    },
  })
  const work = async (lane: string): Promise<void> => {
    for (;;) {
      invocations++
      if ((await reconcile(cutOff(ports as Ports), lane, ME)) !== 'ledger-away') return
    }
  }
  const wrap = (given: Ports): Ports => {
    ports = {
      ...given,
      queue: {
        wake: async (group, id) => {
          if (outboxOf(group) === null) woken.add(group)
          else await given.queue.wake(group, id)
        },
      },
    }
    return ports
  }
  const drive = ({ house }: Town): void => {
    const { advance } = house
    house.advance = async () => {
      for (;;) {
        const next = await advance()
        if (woken.size === 0) return next
        for (const lane of woken) {
          woken.delete(lane)
          await work(lane)
        }
      }
    }
  }
  return { wrap, drive, committed, invocations: () => invocations }
}

it.each(Object.entries(stories).filter(([, { answers }]) => answers === undefined))(
  '%s: begun anew after every commit, it goes on with the same next one: what is written down is all that there is',
  async (_name, story) => {
    const whole = consumer({ cut: false })
    const { playIn, close } = await openStage(story)
    const ended = await playIn(whole)
    const parts = consumer({ cut: true })
    expect(await playIn(parts)).toEqual(ended)
    expect(parts.committed).toEqual(whole.committed)
    expect(whole.committed.length).toBeGreaterThan(5)
    expect(parts.invocations()).toBeGreaterThan(whole.invocations())
    await close()
  },
)
