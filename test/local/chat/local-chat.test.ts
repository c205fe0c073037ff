import { DatabaseSync } from 'node:sqlite'
import { openChat } from '../../../local/chat/local-chat.ts'
import { virtualClock } from '../../../local/clock.ts'
import { chatContract } from '../../ports/chat.contract.ts'

chatContract('the local pane', async () => {
  const chat = openChat({ database: new DatabaseSync(':memory:'), clock: virtualClock(1_795_428_000_000) })
  return {
    chat,
    titles: async () => (await chat.cards()).map(({ card }) => card.title),
    group: 'T0SIGNAL/S0GPUOPS',
    remove: ({ channel, ts }) => chat.remove(channel, ts),
    archive: chat.archive,
    close: async () => undefined,
  }
})
