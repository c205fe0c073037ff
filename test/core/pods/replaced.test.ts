import type { V1Pod } from '@kubernetes/client-node'
import { describe, expect, it } from 'vitest'
import { replacedTrouble, unhealed } from '../../../core/pods/replaced.ts'
import { podIn } from './objects.ts'

const [MADE, MINUTE] = [Date.parse('2026-11-23T12:00:00Z'), 60_000]

/** A pod like this one, made so many minutes on. */
const at = (minutes: number, pod: V1Pod): V1Pod => ({
  ...pod,
  metadata: { ...pod.metadata, creationTimestamp: new Date(MADE + minutes * MINUTE) },
})
const refused = (name: string, ...minutes: number[]): V1Pod[] => minutes.map((each) => at(each, podIn(name)))

describe('pods that no node lets in', () => {
  it.each([
    ['refused-device', 'not-admitted', 15, 'its node did not let it in: UnexpectedAdmissionError (Pod was rejected: A'],
    ['refused-room', 'not-admitted', 15, 'its node did not let it in: OutOfnvidia.com/gpu (Pod was rejected: Node di'],
    ['refused-pressure', 'not-admitted', 15, 'its node did not let it in: Evicted (Pod was rejected: The node had co'],
    ['refused-sysctl', 'configuration', 5, 'its node did not let it in: SysctlForbidden (Pod was rejected: forbidden'],
    ['node-affinity', 'configuration', 5, 'its node did not let it in: NodeAffinity (Pod Predicate NodeAffinity fai'],
  ])('%s three times in a row: %s, %d minutes after the first', (name, failure, minutes, note) => {
    expect(replacedTrouble(refused(name, 2, 0, 1))).toEqual({
      failure,
      endsAt: MADE + minutes * MINUTE,
      note: expect.stringContaining(note),
    })
    expect(replacedTrouble(refused(name, 0, 1, 2))?.note).toContain(', 3 times since 2026-11-23 12:00 UTC')
  })

  it('what cannot heal says what to do; what comes late for the third time ends then', () => {
    expect(replacedTrouble(refused('refused-sysctl', 0))?.note).toMatch(/take it out of the policy$/)
    expect(replacedTrouble(refused('refused-sysctl', 0, 30, 60))?.endsAt).toBe(MADE + 60 * MINUTE)
  })

  it('a single one, or two, is said and ends nothing', () => {
    for (const minutes of [[0], [0, 1]])
      expect(replacedTrouble(refused('refused-device', ...minutes))).toMatchObject({ endsAt: null })
  })

  it('what is let in after them is none of it, and what no node is found for is not refused', () => {
    const before = refused('refused-device', 0, 1, 2)
    expect(replacedTrouble([...before, at(3, podIn('crash-loop'))])).toBeNull()
    expect(replacedTrouble([...before, at(3, podIn('no-node'))])).toMatchObject({ endsAt: null })
    const again = refused('refused-device', 4)
    expect(replacedTrouble([...before, at(3, podIn('crash-loop')), ...again])).toMatchObject({ endsAt: null })
    // Another replica that has stayed all along says nothing of it.
    expect(replacedTrouble([at(-60, podIn('restarted-and-ready')), ...before])?.endsAt).toBe(MADE + 15 * MINUTE)
  })
})

describe('pods that were let in and taken away', () => {
  it('say by whom, how often, and end nothing', () => {
    expect(replacedTrouble([podIn('drained')])).toMatchObject({
      failure: 'node-lost',
      endsAt: null,
      note: expect.stringMatching(/^its pod was taken away: its node was emptied .*evicting\)$/),
    })
    const twice = [podIn('evicted-unknown'), at(5, podIn('preempted'))].map((pod) => ({
      ...pod,
      status: { ...pod.status, phase: 'Failed' },
    }))
    expect(replacedTrouble(twice)?.note).toMatch(/\(2 pods by now\)$/)
  })

  it('are over once another is ready', () => {
    const ready = { type: 'Ready', status: 'True', lastTransitionTime: new Date(MADE + 90 * MINUTE) }
    const serves: V1Pod = { ...podIn('restarted-and-ready'), status: { phase: 'Running', conditions: [ready] } }
    expect(replacedTrouble([podIn('evicted-unknown'), serves])).toBeNull()
    expect(unhealed([podIn('evicted-own-disk'), serves])).toEqual([serves])
    expect(unhealed([at(100, podIn('evicted-own-disk')), serves])).toHaveLength(2)
  })
})

it('a program that ended by itself was not taken', () => {
  const failed = { ...podIn('crash-loop'), status: { ...podIn('crash-loop').status, phase: 'Failed' } }
  expect([replacedTrouble([]), replacedTrouble([failed])]).toEqual([null, null])
})
