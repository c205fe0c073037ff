import { afterEach, describe, expect, it } from 'vitest'
import type { Card } from '../../../core/cards.ts'
import { chatContract } from '../../ports/chat.contract.ts'
import { openSlackStandIn } from './slack-stand-in.ts'

chatContract('Slack', async () => {
  const { chat, messages, close } = await openSlackStandIn()
  const titles = async () => messages.map(({ blocks }) => blocks[0]?.text?.text ?? '')
  return { chat, titles, group: 'T0SIGNAL/S0GPUOPS', close }
})

const card: Card = { title: 'Approve?', facts: [], lines: [], question: 'q-1', tone: 'asking' }

describe('when Slack fails in the middle', () => {
  let opened: Awaited<ReturnType<typeof openSlackStandIn>>
  afterEach(() => opened.close())

  it('finds the message whose posting was cut off, and posts no other', async () => {
    opened = await openSlackStandIn()
    opened.errors.push({ method: 'chat.postMessage', status: 502, body: {}, after: true })
    await expect(opened.chat.post('C1', 'k', card)).rejects.toThrow('Slack chat.postMessage: it answers 502')
    expect(await opened.chat.post('C1', 'k', { ...card, title: 'again' })).toEqual({
      channel: 'C1',
      ts: opened.messages[0]?.ts,
    })
    expect(opened.messages).toHaveLength(1)
    expect(opened.messages[0]?.blocks[0]?.text?.text).toBe('again')
  })

  it('two at once who post the same key make one message after the first that lands', async () => {
    opened = await openSlackStandIn()
    await opened.chat.post('C1', 'k', card)
    await Promise.all([opened.chat.post('C1', 'k', card), opened.chat.post('C1', 'k', card)])
    expect(opened.messages).toHaveLength(1)
  })

  it('knows nobody of a group that is not there, and says why it cannot ask', async () => {
    opened = await openSlackStandIn()
    expect(await opened.chat.members('T0SIGNAL/S0GONE')).toEqual([])
    opened.errors.push({ method: 'usergroups.users.list', status: 200, body: { ok: false, error: 'missing_scope' } })
    await expect(opened.chat.members('T0SIGNAL/S0GPUOPS')).rejects.toThrow('add the scopes of docs/deploy.md')
  })

  it('comes back when it is told to, and does not wait here for half a minute', async () => {
    opened = await openSlackStandIn()
    const at = await opened.chat.post('C1', 'k', card)
    const limited = { method: 'chat.update', status: 429, body: { ok: false, error: 'ratelimited' } }
    opened.errors.push({ ...limited, retryAfter: 3 })
    await opened.chat.update(at, card)
    expect(opened.pauses).toEqual([3000])
    opened.errors.push({ ...limited, retryAfter: 30 })
    await expect(opened.chat.update(at, card)).rejects.toMatchObject({ name: 'Unavailable', retryAfter: 30 })
    expect(opened.calls.filter((call) => call === 'chat.update')).toHaveLength(3)
  })

  it('waits when it is told to, and says how to mend what waiting does not', async () => {
    opened = await openSlackStandIn()
    const at = await opened.chat.post('C1', 'k', card)
    opened.errors.push({ method: 'chat.update', status: 429, body: { ok: false, error: 'ratelimited' } })
    await opened.chat.update(at, card)
    expect(opened.calls.filter((call) => call === 'chat.update')).toHaveLength(2)
    opened.errors.push({ method: 'chat.postMessage', status: 429, body: { ok: false, error: 'ratelimited' } })
    await opened.chat.post('C1', 'other', card)
    expect(opened.messages).toHaveLength(2)
    opened.errors.push({ method: 'chat.update', status: 200, body: { ok: false, error: 'not_in_channel' } })
    await expect(opened.chat.update(at, card)).rejects.toThrow('not_in_channel (invite the app to the channel)')
  })
})
