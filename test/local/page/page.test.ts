import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lanesOf, sidesOf } from '../../../local/page/facts.ts'
import { STATE_WORDS, type Track, trackOf } from '../../../local/page/views.ts'
import { uploadDataset } from '../../../local/scenario.ts'
import { appOf } from '../../../local/server/server.ts'
import { anyText } from '../../any-text.ts'
import { type Between, between } from '../../journeys/away.ts'
import { openTown, type Town } from '../../journeys/town.ts'

const LANE = 'pipeline/support-chats'

/** A page on a town of its own. */
interface Page {
  town: Town
  far: Between
  get(path: string): Promise<Response>
  fragment(name: string, lane?: string): Promise<string>
  track(): Promise<Track | undefined>
  states(): Promise<string[]>
}

const openPage = async (): Promise<Page> => {
  const far = between()
  const town = await openTown({ wrap: far.wrap })
  const app = appOf({ house: town.house, port: 4680, version: 'test', token: 'test-token' })
  const page: Page = {
    town,
    far,
    get: async (path) => app.request(`http://127.0.0.1:4680${path}`, { headers: { host: '127.0.0.1:4680' } }),
    fragment: async (name, lane = '') => {
      const answer = await page.get(`/fragments?lane=${encodeURIComponent(lane)}`)
      return ((await answer.json()) as { fragments: Record<string, string> }).fragments[name] ?? ''
    },
    track: async () => {
      const sides = await sidesOf(town.house.ports)
      const tracks = (await lanesOf(town.house.ports)).map((facts) => trackOf(facts, { policy: town.policy, sides }))
      return tracks.find(({ lane }) => lane === LANE)
    },
    states: async () => (await page.track())?.signals.map(({ state }) => state) ?? [],
  }
  return page
}

const upload = async ({ house }: Town, folder: string): Promise<void> => {
  await uploadDataset(house, { bucket: 'acme-datasets', folder: `support-chats/${folder}/`, rows: [`{"${folder}":1}`] })
  await house.scanUploads()
}

const asks = ({ town }: Page): Promise<void> => town.until('it asks', async () => (await town.question(LANE)) !== null)

let page: Page
const withPage = (): void => {
  beforeAll(async () => {
    page = await openPage()
  })
  afterAll(() => page.town.close())
}

describe('the page, along one plan', () => {
  withPage()

  it('before anything happened says so, and is whole', async () => {
    const text = await (await page.get('/')).text()
    for (const part of ['<!doctype html>', '<main', 'lang="en"']) expect(text.toLowerCase()).toContain(part)
    expect(await page.track()).toBeUndefined()
  })

  it('while it asks: the track says for whom it waits', async () => {
    await upload(page.town, 'one')
    await asks(page)
    expect(await page.track()).toMatchObject({ state: 'wanted', headline: 'waits for ana or ben', behind: null })
    expect(await page.states()).toContain('waiting')
    expect(await page.fragment('lanes')).toContain(STATE_WORDS.waiting)
  })

  it('while it asks: no button of the question is one that Enter in the reason’s field would press', async () => {
    const buttons = (await page.fragment('chat')).match(/<button[^>]*>/g) ?? []
    expect(buttons.map((button) => /value="(\w+)"/.exec(button)?.[1])).toEqual(['approve', 'deny'])
    for (const button of buttons) expect(button).toContain('type="button"')
  })

  it('while it asks: the question’s whole id is on the card, and the page’s script sends it as one part of the path', async () => {
    const { id } = (await page.town.question(LANE))!
    expect(id).toMatch(/\/.*#/)
    expect(await page.fragment('chat')).toContain(`data-question="${id}"`)
    expect(await (await page.get('/assets/page.js')).text()).toContain('encodeURIComponent(form.dataset.question)')
  })

  it('while it runs: what is done is behind, what is not yet is ahead', async () => {
    await page.town.answered(LANE)
    await page.town.until('its Job is there', async () => (await page.town.house.cluster.list('Job')).length === 1)
    const seen = await page.states()
    expect(seen).toContain('running')
    expect(seen.indexOf('running')).toBeGreaterThan(seen.indexOf('done'))
    expect(seen.lastIndexOf('pending')).toBeGreaterThan(seen.indexOf('running'))
    expect((await page.track())?.headline).toMatch(/^Fine-tune .*: /)
    expect(await page.fragment('plan', LANE)).toContain('$168.56')
  })

  it('at the end: every signal is done, the timeline tells the outcome, and the plan is still there', async () => {
    await page.town.settled(LANE)
    expect(new Set(await page.states())).toEqual(new Set(['done']))
    expect(await page.track()).toMatchObject({ state: 'succeeded', headline: 'succeeded: carried out and verified' })
    expect(await (await page.get(`/?lane=${encodeURIComponent(LANE)}`)).text()).toContain('succeeded')
    expect(await page.fragment('plan', LANE)).toContain('$168.56')
  })

  it('a source that is not ready: what is missing, beside the run that was last', async () => {
    const leaveOut = [1]
    const at = { bucket: 'acme-datasets', folder: 'support-chats/two/', rows: ['{}', '{}'], leaveOut }
    await page.town.advance(60_000)
    await uploadDataset(page.town.house, at)
    await page.town.house.scanUploads()
    await page.town.until('it waits', async () => (await page.town.lane(LANE)).rest?.why === 'objects-missing')
    expect(await page.track()).toMatchObject({ state: 'waiting', headline: expect.stringContaining('part-1.jsonl') })
  })
})

describe('what holds a lane up', () => {
  withPage()

  it('a freeze is on its track, whatever it waits for besides', async () => {
    await upload(page.town, 'one')
    await asks(page)
    const until = page.town.house.clock.now() + 3_600_000
    await page.town.house.command({ kind: 'freeze', lane: '*', until, by: 'ana' })
    expect(await page.track()).toMatchObject({
      headline: 'waits for ana or ben',
      frozen: 'frozen until 2026-11-23 13:00 UTC',
    })
    expect(await page.fragment('lanes')).toContain('frozen until 2026-11-23 13:00 UTC')
    await page.town.house.command({ kind: 'thaw', lane: '*', by: 'ana' })
    expect((await page.track())?.frozen).toBeNull()
  })

  it('a far side that does not answer is a line at the top and in the lane’s: which, and since when', async () => {
    const away = '2026-11-23 12:00 UTC'
    page.far.fails('cluster', 'away', { said: 'the API server is gone' })
    await page.town.answered(LANE)
    await page.town.until('it rests', async () => (await page.town.lane(LANE)).rest?.why === 'unavailable')
    const words = `cluster does not answer since ${away}: `
    expect(await page.fragment('sides')).toContain(words)
    expect(await page.fragment('sides')).toContain('the API server is gone')
    expect((await page.track())?.headline).toContain(`waits: ${words}`)
  })

  it('meanwhile the page is whole: it asks nothing of that side', async () => {
    page.far.calls.length = 0
    const answer = await page.get('/')
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('The cluster does not answer.')])
    expect(page.far.calls.filter(({ side }) => side === 'cluster')).toEqual([])
  })

  it('once it answers again, nothing of it is left on the page', async () => {
    page.far.answers('cluster')
    await page.town.until('its Job is there', async () => (await page.town.house.cluster.list('Job')).length === 1)
    expect(await page.fragment('sides')).toBe('')
    expect(await page.fragment('pools')).toContain('gpu-train')
  })

  it('what the chat will never take is on the lane, in the chat’s words', async () => {
    page.far.fails('chat', 'refused', { said: 'is_archived' })
    await page.town.settled(LANE)
    await page.town.until('it is told', async () => ((await page.track())?.untold.length ?? 0) > 0)
    expect((await page.track())?.untold).toEqual([expect.stringMatching(/^chat will not take .*is_archived/)])
    expect(await page.fragment('lanes')).toContain('is_archived')
  })
})

describe('a run that is under way while something newer is wanted', () => {
  withPage()

  it('both are on the track: what goes on, and what comes then', async () => {
    const { town } = page
    await upload(town, 'one')
    await town.answered(LANE)
    await town.until('its Job is there', async () => (await town.house.cluster.list('Job')).length === 1)
    const { wants } = (await page.track())!
    await town.advance(60_000)
    await upload(town, 'two')
    await town.until('the newer is wanted', async () => (await town.lane(LANE)).generation === 2)
    const track = (await page.track())!
    expect(track).toMatchObject({ state: 'wanted', wants })
    expect(track.headline).toMatch(/^Fine-tune .*: /)
    expect(track.behind).toMatch(/^then: fine-tune on support-chats@[0-9a-f]{8}, generation 2$/)
    expect(track.behind).not.toContain(wants)
    expect(await page.fragment('lanes')).toContain(track.behind)
  })

  it('what waits is cancelled: the run goes on, and the track says so', async () => {
    await page.town.house.command({ kind: 'cancel', lane: LANE, by: 'ana', wanted: true })
    const track = (await page.track())!
    expect(track).toMatchObject({ state: 'wanted', behind: expect.stringMatching(/generation 2, cancelled$/) })
    expect(track.headline).toMatch(/^Fine-tune .*: /)
  })
})

describe('whatever the address asks for', () => {
  withPage()

  it('is answered, and never comes back as markup', () =>
    fc.assert(
      fc.asyncProperty(anyText(), async (text) => {
        const hostile = `"><img src=x onerror=alert(1)>${text}`
        const answer = await page.get(`/?lane=${encodeURIComponent(hostile)}`)
        expect(answer.status).toBe(200)
        expect(await answer.text()).not.toContain('<img src=x')
      }),
      { numRuns: 50 },
    ))

  it('files of the page are sent once, then confirmed', async () => {
    for (const name of ['page.css', 'page.js', 'icon.svg']) {
      const first = await page.get(`/assets/${name}`)
      expect(first.status).toBe(200)
      expect(first.headers.get('etag')).toMatch(/^"[0-9a-f]{16}"$/)
    }
    expect((await page.get('/assets/other.js')).status).toBe(404)
  })
})
