import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Pattern } from '../../events/contract.ts'
import type { Bus } from '../../flows/ports.ts'

export interface BusTarget {
  name: string
  pattern: Pattern
  deliver(event: unknown): Promise<void>
}

/** What every bus promises. `pass` lets that much time go by. */
export const busContract = (
  name: string,
  open: (targets: BusTarget[]) => Promise<{ bus: Bus; pass(seconds: number): Promise<void>; close(): Promise<void> }>,
): void =>
  void describe(`${name} as a bus`, () => {
    const got: unknown[] = []
    let fails = 0
    let opened: Awaited<ReturnType<typeof open>>
    beforeEach(async () => {
      got.length = 0
      fails = 0
      const deliver = async (event: unknown): Promise<void> => {
        if (fails-- > 0) throw new Error('not now')
        got.push(event)
      }
      opened = await open([
        { name: 'mine', pattern: { source: ['signalbox'], 'detail-type': ['Plan Finished'] }, deliver },
      ])
    })
    afterEach(() => opened.close())

    it('delivers what a target’s pattern selects, in EventBridge’s envelope, and nothing else', async () => {
      await opened.bus.publish([
        { source: 'signalbox', detailType: 'Plan Finished', detail: { n: 1 }, resources: ['l'] },
        { source: 'signalbox', detailType: 'Other', detail: {} },
      ])
      await opened.pass(1)
      expect(got).toEqual([
        expect.objectContaining({
          version: '0',
          source: 'signalbox',
          'detail-type': 'Plan Finished',
          detail: { n: 1 },
          resources: ['l'],
          id: expect.any(String),
          time: expect.any(String),
        }),
      ])
    })

    it('delivers again what a target did not take', async () => {
      fails = 3
      await opened.bus.publish([{ source: 'signalbox', detailType: 'Plan Finished', detail: {} }])
      await opened.pass(60)
      expect(got).toHaveLength(1)
    })
  })
