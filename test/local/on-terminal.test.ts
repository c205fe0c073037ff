import { expect, it, vi } from 'vitest'
import { onTerminal } from '../../local/on-terminal.ts'
import { appOf } from '../../local/server/server.ts'
import { openTown } from '../journeys/town.ts'

const HOSTILE = '\u001b]0;title\u0007\u001b[2Jall is well\rsafe \u202eelif'
const OBEYED = /(?![\n\t])\p{Cc}|\p{Cf}/u
const printed = () => vi.spyOn(console, 'error').mockImplementation(() => undefined)

it('a terminal shows what far sides say, and obeys none of it; of a bug it shows where it is', () => {
  const print = printed()
  onTerminal(`reconciling ${HOSTILE}`, new Error(HOSTILE))
  onTerminal('the tour', new Error(HOSTILE), { isBug: true })
  onTerminal('the timer', HOSTILE)
  const lines = print.mock.calls.map(([text]) => String(text))
  expect(lines).toHaveLength(3)
  for (const line of lines) {
    expect(line).not.toMatch(OBEYED)
    expect(line).toContain('\\u001b[2Jall is well\\u000dsafe \\u202eelif')
  }
  expect(lines[1]).toContain('on-terminal.test.ts')
})

it('a bug in a route is printed so too', async () => {
  const print = printed()
  const town = await openTown()
  const house = { ...town.house, cards: () => Promise.reject(new Error(HOSTILE)) }
  const app = appOf({ house, port: 0, version: 'test', token: 'test-token' })
  const answer = await app.request('http://127.0.0.1/api/cards', { headers: { host: '127.0.0.1' } })
  expect(answer.status).toBe(500)
  expect(print.mock.calls.flat().join('\n')).not.toMatch(OBEYED)
  expect(print).toHaveBeenCalled()
  await town.close()
})
