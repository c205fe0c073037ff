import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Card } from '../../core/cards.ts'
import type { Chat } from '../../flows/ports.ts'

const card = (title: string): Card => ({ title, facts: [], lines: [], question: null, tone: 'neutral' })

/** What every chat promises. `titles` is what people see, newest first; `group` is a user group with somebody in it. */
export const chatContract = (
  name: string,
  open: () => Promise<{ chat: Chat; titles(): Promise<string[]>; group: string; close(): Promise<void> }>,
): void =>
  void describe(`${name} as a chat`, () => {
    let opened: Awaited<ReturnType<typeof open>>
    beforeEach(async () => {
      opened = await open()
    })
    afterEach(() => opened.close())

    it('shows one card for a key however often it is posted, at one place', async () => {
      const first = await opened.chat.post('C1', 'k', card('asked'))
      expect(await opened.chat.post('C1', 'k', card('asked again'))).toEqual(first)
      expect(await opened.titles()).toEqual(['asked again'])
    })

    it('updates the card at a place, and only that one', async () => {
      const at = await opened.chat.post('C1', 'k1', card('one'))
      const other = await opened.chat.post('C1', 'k2', card('two'))
      expect(other).not.toEqual(at)
      await opened.chat.update(at, card('ended'))
      expect(await opened.titles()).toEqual(['two', 'ended'])
    })

    it('says who is in a user group, as persons of its team', async () => {
      const members = await opened.chat.members(opened.group)
      expect(members.length).toBeGreaterThan(0)
      for (const member of members) expect(member).toMatch(/^T0SIGNAL\/[A-Z0-9]+$/)
    })
  })
