import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lanesOf } from '../../../local/page/facts.ts'
import { STATE_WORDS, type Track, trackOf } from '../../../local/page/views.ts'
import { uploadDataset } from '../../../local/scenario.ts'
import { appOf } from '../../../local/server/server.ts'
import { openTown, type Town } from '../../journeys/town.ts'

const LANE = 'train/support-chats'
let town: Town
let get: (path: string) => Promise<Response>

beforeAll(async () => {
  town = await openTown()
  const app = appOf({ house: town.house, port: 4680, version: 'test', token: 'test-token' })
  get = async (path) => app.request(`http://127.0.0.1:4680${path}`, { headers: { host: '127.0.0.1:4680' } })
})
afterAll(() => town.close())

const track = async (): Promise<Track | undefined> =>
  (await lanesOf(town.house.ports, town.policy)).map((facts) => trackOf(facts, town.policy))[0]
const fragment = async (name: string): Promise<string> =>
  ((await (await get('/fragments')).json()) as { fragments: Record<string, string> }).fragments[name] ?? ''
const states = async (): Promise<string[]> => (await track())?.signals.map(({ state }) => state) ?? []

describe('the page, along one plan', () => {
  it('before anything happened says so, and is whole', async () => {
    const page = await (await get('/')).text()
    for (const part of ['<!doctype html>', '<main', 'lang="en"']) expect(page.toLowerCase()).toContain(part)
    expect(await track()).toBeUndefined()
  })

  it('while it asks: the track says for whom it waits', async () => {
    await uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'support-chats/one/', rows: ['{}'] })
    await town.house.scanUploads()
    await town.until('it asks', async () => (await town.question(LANE)) !== null)
    expect(await track()).toMatchObject({ lane: LANE, headline: expect.stringMatching(/ana/) })
    expect(await states()).toContain('waiting')
    expect(await fragment('lanes')).toContain(STATE_WORDS.waiting)
  })

  it('while it asks: no button of the question is one that Enter in the reason’s field would press', async () => {
    const buttons = (await fragment('chat')).match(/<button[^>]*>/g) ?? []
    expect(buttons.map((button) => /value="(\w+)"/.exec(button)?.[1])).toEqual(['approve', 'deny'])
    for (const button of buttons) expect(button).toContain('type="button"')
  })

  it('while it runs: what is done is behind, what is not yet is ahead', async () => {
    await town.answered(LANE)
    await town.until('its Job is there', async () => (await town.house.cluster.list('Job')).length === 1)
    const seen = await states()
    expect(seen).toContain('running')
    expect(seen.indexOf('running')).toBeGreaterThan(seen.indexOf('done'))
    expect(seen.lastIndexOf('pending')).toBeGreaterThan(seen.indexOf('running'))
  })

  it('at the end: every signal is done, and the timeline tells the outcome', async () => {
    await town.settled(LANE)
    expect(new Set(await states())).toEqual(new Set(['done']))
    expect(await (await get(`/?lane=${encodeURIComponent(LANE)}`)).text()).toContain('succeeded')
  })
})

describe('whatever the address asks for', () => {
  it('is answered, and never comes back as markup', () =>
    fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
        const hostile = `"><img src=x onerror=alert(1)>${text}`
        const answer = await get(`/?lane=${encodeURIComponent(hostile)}`)
        expect(answer.status).toBe(200)
        expect(await answer.text()).not.toContain('<img src=x')
      }),
      { numRuns: 50 },
    ))

  it('files of the page are sent once, then confirmed', async () => {
    for (const name of ['page.css', 'page.js', 'icon.svg']) {
      const first = await get(`/assets/${name}`)
      expect(first.status).toBe(200)
      expect(first.headers.get('etag')).toMatch(/^"[0-9a-f]{16}"$/)
    }
    expect((await get('/assets/other.js')).status).toBe(404)
  })
})
