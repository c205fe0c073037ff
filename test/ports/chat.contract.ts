import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Card } from '../../core/cards.ts'
import { type Chat, Refused } from '../../flows/ports.ts'

const card = (title: string): Card => ({ title, facts: [], lines: [], question: null, tone: 'neutral' })

/** A chat to try, and what people do there. */
export interface OpenedChat {
  chat: Chat
  /** What people see, newest first. */
  titles(): Promise<string[]>
  /** A user group with somebody in it. */
  group: string
  remove(at: { channel: string; ts: string }): Promise<void>
  archive(channel: string, isArchived: boolean): Promise<void>
  close(): Promise<void>
}

/** What every chat promises. */
export const chatContract = (name: string, open: () => Promise<OpenedChat>): void =>
  void describe(`${name} as a chat`, () => {
    let opened: OpenedChat
    beforeEach(async () => {
      opened = await open()
    })
    afterEach(() => opened.close())

    it('shows one card for a key however often it is posted, at one place', async () => {
      const first = await opened.chat.post('C1', 'k', card('asked'))
      expect(await opened.chat.post('C1', 'k', card('asked again'))).toEqual(first)
      expect(await opened.titles()).toEqual(['asked again'])
    })

    it('changes the card of a key, and only that one', async () => {
      const at = await opened.chat.post('C1', 'k1', card('one'))
      const other = await opened.chat.post('C1', 'k2', card('two'))
      expect(other).not.toEqual(at)
      expect(await opened.chat.post('C1', 'k1', card('ended'))).toEqual(at)
      expect(await opened.titles()).toEqual(['two', 'ended'])
    })

    it('posts a card anew that a person has deleted, at another place, and finds it there afterwards', async () => {
      const first = await opened.chat.post('C1', 'k', card('asked'))
      await opened.remove(first)
      expect(await opened.titles()).toEqual([])
      const again = await opened.chat.post('C1', 'k', card('ended'))
      expect(again).not.toEqual(first)
      expect(await opened.chat.post('C1', 'k', card('ended, told again'))).toEqual(again)
      expect(await opened.titles()).toEqual(['ended, told again'])
    })

    it('is refused by a channel that takes no cards, new or known, with what to do, until somebody has mended it', async () => {
      const at = await opened.chat.post('C1', 'k', card('asked'))
      await opened.archive('C1', true)
      for (const key of ['k', 'other']) {
        const refused = opened.chat.post('C1', key, card('ended'))
        await expect(refused).rejects.toBeInstanceOf(Refused)
        await expect(refused).rejects.toThrow(/is_archived \(unarchive the channel/)
      }
      await opened.chat.post('C2', 'k', card('elsewhere'))
      await opened.archive('C1', false)
      expect(await opened.chat.post('C1', 'k', card('ended'))).toEqual(at)
      expect(await opened.titles()).toEqual(['elsewhere', 'ended'])
    })

    it('takes every card, however long its names and however many its lines', async () => {
      const long = '🦙&<*'.repeat(1500)
      const facts = Array.from({ length: 30 }, () => ({ label: long, value: long }))
      const lines = Array.from({ length: 150 }, () => long)
      const given: Card = { title: long, facts, lines, question: 'q-1', whole: long, tone: 'asking' }
      const at = await opened.chat.post('C1', 'k', given)
      expect(await opened.chat.post('C1', 'k', { ...given, title: '', lines: [''] })).toEqual(at)
      expect(await opened.titles()).toHaveLength(1)
    })

    it('says who is in a user group, as persons of its team', async () => {
      const members = await opened.chat.members(opened.group)
      expect(members.length).toBeGreaterThan(0)
      for (const member of members) expect(member).toMatch(/^T0SIGNAL\/[A-Z0-9]+$/)
    })
  })
