import { afterAll, beforeAll, expect, it } from 'vitest'
import { uploadDataset } from '../../../local/scenario.ts'
import { appOf } from '../../../local/server/server.ts'
import { openTown, type Town } from '../../journeys/town.ts'

let town: Town
beforeAll(async () => {
  town = await openTown()
})
afterAll(() => town.close())

it('who listens is told at once, and again when something has changed', async () => {
  const app = appOf({ house: town.house, port: 4680, version: 'test', token: 'test-token' })
  const headers = { host: '127.0.0.1:4680' }
  const answer = await app.request('http://127.0.0.1:4680/api/stream', { headers })
  expect(answer.headers.get('content-type')).toContain('text/event-stream')
  const reader = (answer.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader()
  const first = await reader.read()
  expect(first.value).toContain('event: changed')
  await uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'support-chats/one/', rows: ['{}'] })
  await town.house.scanUploads()
  const second = await reader.read()
  expect(second.value).toContain('event: changed')
  await reader.cancel()
})

it('whoever opens hundreds of them costs no more than a few dozen pages: the oldest end, and the newest is told', async () => {
  const app = appOf({ house: town.house, port: 4680, version: 'test', token: 'test-token' })
  const open = async () => {
    const answer = await app.request('http://127.0.0.1:4680/api/stream', { headers: { host: '127.0.0.1:4680' } })
    return (answer.body as ReadableStream<Uint8Array>).getReader()
  }
  const readers = [await open()]
  for (let n = 0; n < 70; n++) readers.push(await open())
  const [first, last] = [readers[0], readers.at(-1)]
  for (;;) if ((await first?.read())?.done) break
  expect((await last?.read())?.done).toBe(false)
  for (const reader of readers) await reader.cancel()
})
