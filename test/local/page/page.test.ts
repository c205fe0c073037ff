import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parsePolicy } from '../../../core/policy.ts'
import { lanesOf, sidesOf } from '../../../local/page/facts.ts'
import { lanesFragment } from '../../../local/page/fragments.ts'
import { STATE_WORDS, type Track, trackOf } from '../../../local/page/views.ts'
import { uploadDataset } from '../../../local/scenario.ts'
import { appOf } from '../../../local/server/server.ts'
import { triesUnder } from '../../../local/tries.ts'
import { anyText } from '../../any-text.ts'
import example from '../../example.ts'
import { type Between, between } from '../../journeys/away.ts'
import { openTown, type Town } from '../../journeys/town.ts'
import { piped } from '../../variants.ts'

const LANE = 'pipeline/support-chats'

/** A page on a town of its own. */
interface Page {
  town: Town
  far: Between
  get(path: string): Promise<Response>
  /** The answer to what is posted, with the page's token unless told. */
  post(path: string, body: object, token?: string): Promise<unknown>
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
    post: async (path, body, token = 'test-token') => {
      const headers = { host: '127.0.0.1:4680', authorization: `Bearer ${token}` }
      const sent = { method: 'POST', headers, body: JSON.stringify(body) }
      return (await app.request(`http://127.0.0.1:4680${path}`, sent)).json()
    },
    fragment: async (name, lane = '') => {
      const answer = await page.get(`/fragments?lane=${encodeURIComponent(lane)}`)
      return ((await answer.json()) as { fragments: Record<string, string> }).fragments[name] ?? ''
    },
    track: async () => {
      const sides = await sidesOf(town.house.ports)
      const tracks = (await lanesOf(town.house.ports, town.policy)).map((facts) =>
        trackOf(facts, { policy: town.policy, sides }),
      )
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

  it('has nothing in it that lets anybody act: everybody on this machine may read it', async () => {
    expect(await (await page.get('/')).text()).not.toContain('test-token')
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
    expect(await (await page.get('/assets/page.js')).text()).toContain('encodeURIComponent(question)')
  })

  it('while it runs: what is done is behind, what is not yet is ahead', async () => {
    await page.town.answered(LANE)
    await page.town.until('its Job is there', async () => (await page.town.house.cluster.list('Job')).length === 1)
    const seen = await page.states()
    expect(seen).toContain('running')
    expect(seen.indexOf('running')).toBeGreaterThan(seen.indexOf('done'))
    expect(seen.lastIndexOf('pending')).toBeGreaterThan(seen.indexOf('running'))
    expect((await page.track())?.headline).toMatch(/^Fine-tune .*: /)
    expect(await page.fragment('plan', LANE)).toContain('$223.83')
    expect((await page.track())?.cost).toBe('$0.00 of at most $223.83 so far')
    await page.town.advance(8 * 60_000)
    expect((await page.track())?.cost).toMatch(/^\$[1-7]\.\d\d of at most \$223\.83 so far$/)
    expect(await page.fragment('lanes')).toContain(' of at most $223.83 so far')
  })

  it('at the end: every signal is done, the timeline tells the outcome, and the plan is still there', async () => {
    await page.town.settled(LANE)
    expect(new Set(await page.states())).toEqual(new Set(['done']))
    expect(await page.track()).toMatchObject({ state: 'succeeded', headline: 'succeeded: carried out and verified' })
    expect(await (await page.get(`/?lane=${encodeURIComponent(LANE)}`)).text()).toContain('succeeded')
    expect(await page.fragment('plan', LANE)).toContain('$223.83')
  })

  it('a source that is not ready: what is missing, beside the run that was last', async () => {
    const leaveOut = [1]
    const at = { bucket: 'acme-datasets', folder: 'support-chats/two/', rows: ['{}', '{}'], leaveOut }
    await page.town.advance(60_000)
    await uploadDataset(page.town.house, at)
    await page.town.house.scanUploads()
    await page.town.until('it waits', async () => (await page.town.lane(LANE)).rest?.why === 'objects-missing')
    expect(await page.track()).toMatchObject({ state: 'waiting', headline: expect.stringContaining('part-1.jsonl') })
    expect((await page.track())?.cost).toBeNull()
  })
})

describe('an empty page', () => {
  const tries = (config: unknown): string => String(lanesFragment([], null, parsePolicy(config)))

  it('says what to try under the policy in force: the tour and the samples where they fit', () => {
    expect(tries(example)).toMatch(/Tour.*dataset-uploaded\/base.*buckets\/acme-datasets\/support-chats\//s)
    const mine = tries({ ...example, pipelines: { mine: piped({ bucket: 'my-data', prefix: 'mine/' }) } })
    expect(mine).toContain('buckets/my-data/mine/')
    expect(mine).not.toMatch(/Tour|dataset-uploaded|acme/)
    expect(mine).not.toContain('simulation.json')
  })

  it('says how a simulated container is told the figures that its gates ask, where it says none of them by itself', () => {
    const [train, evaluate] = example.pipelines!['support-chats']!.stages
    const gates = [{ metric: 'map', op: '>=', value: 0.6 }]
    const asking = { ...example.pipelines!['support-chats']!, stages: [train, { ...evaluate, gates }] }
    expect(
      triesUnder(parsePolicy({ ...example, pipelines: { 'support-chats': asking } }), 'x').sentences,
    ).toContainEqual(expect.stringContaining('`{"tasks":{"evaluate":{"metrics":{"map":0.6}}}}`'))
  })
})

describe('a lane whose rule was renamed', () => {
  withPage()

  it('has its new name wherever it stands, and is chosen by either', async () => {
    await upload(page.town, 'one')
    await asks(page)
    page.town.setPolicy({ ...example, pipelines: { chats: piped({ was: 'support-chats' }) } })
    const lanes = await page.fragment('lanes')
    expect(lanes).toContain('&quot;pipeline/chats&quot;')
    for (const name of ['lanes', 'chat', 'timeline', 'feed']) expect(await page.fragment(name)).not.toContain(LANE)
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
    expect(track.behind).toMatch(/^then: run on support-chats@[0-9a-f]{8}, generation 2$/)
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

describe('what a person may say to a lane', () => {
  withPage()
  const buttons = async () => (await page.track())?.buttons ?? []
  const words = async () => (await buttons()).map((button) => button.words)
  /** Presses the button, as the page's script does. */
  const press = async (which: string, sent?: object) => {
    const button = (await buttons()).find((one) => one.words === which)
    const { lasts, ...command } = button?.command ?? {}
    const until = lasts === undefined ? {} : { until: page.town.house.clock.now() + lasts }
    return page.post('/api/commands', sent ?? { ...command, ...until, by: 'ana' })
  }

  it('is a button that names what is shown, with its whole name for those who hear it', async () => {
    await upload(page.town, 'one')
    await asks(page)
    expect(await words()).toEqual(['Cancel', 'Freeze 4 h'])
    const [cancel] = await buttons()
    expect(cancel?.command).toEqual({ kind: 'cancel', wanted: false, lane: LANE, saw: { generation: 1, attempt: 1 } })
    const html = await page.fragment('lanes')
    expect(html).toMatch(/aria-label="Cancel: pipeline\/support-chats: run on .*, generation 1, attempt 1"/)
    for (const button of html.match(/<button[^>]*>/g) ?? []) expect(button).toContain('type="button"')
  })

  it('freezes it, thaws it, and needs the token', async () => {
    expect(await press('Freeze 4 h')).toMatchObject({ ok: true })
    expect(await words()).toEqual(['Cancel', 'Thaw'])
    expect(await press('Thaw')).toMatchObject({ ok: true, detail: 'thawed, and 1 lane woken' })
    expect(await words()).toEqual(['Cancel', 'Freeze 4 h'])
    expect(await page.post('/api/commands', { kind: 'thaw', lane: LANE, by: 'ana' }, '')).toMatchObject({
      error: 'no-token',
    })
  })

  it('cancels what it shows; what has ended is retried, and not by who saw it before', async () => {
    const old = (await buttons())[0]?.command
    expect(await press('Cancel')).toMatchObject({ ok: true })
    await page.town.settled(LANE)
    expect(await words()).toEqual(['Retry', 'Freeze 4 h'])
    expect(await press('Retry')).toMatchObject({ ok: true, detail: 'attempt 2 of generation 1 has started' })
    await asks(page)
    expect(await press('Cancel', { ...old, by: 'ana' })).toEqual({
      ok: false,
      detail: 'you saw generation 1, attempt 1; now it is generation 1, attempt 2: look again',
    })
  })

  it('cancels what waits behind a run by itself', async () => {
    await page.town.answered(LANE)
    await page.town.until('its Job is there', async () => (await page.town.house.cluster.list('Job')).length === 1)
    await page.town.advance(60_000)
    await upload(page.town, 'two')
    await page.town.until('the newer is wanted', async () => (await page.town.lane(LANE)).generation === 2)
    expect(await words()).toEqual(['Cancel', 'Cancel what waits', 'Freeze 4 h'])
    expect(await press('Cancel what waits')).toMatchObject({ ok: true })
    expect(await press('Cancel')).toMatchObject({ ok: true })
    expect(await words()).toEqual(['Freeze 4 h'])
  })

  it('a rule in shadow is not retried', async () => {
    await page.town.settled(LANE)
    const shadow = structuredClone(example)
    shadow.pipelines!['support-chats']!.mode = 'shadow'
    const [facts] = await lanesOf(page.town.house.ports, page.town.policy)
    const track = trackOf(facts!, { policy: parsePolicy(shadow), sides: new Map() })
    expect(track.buttons.map((button) => button.words)).toEqual(['Freeze 4 h'])
  })
})

describe('a page of many lanes', () => {
  withPage()

  it('a lane that is frozen before its first event is on it, to be thawed', async () => {
    const until = page.town.house.clock.now() + 3_600_000
    await page.town.house.command({ kind: 'freeze', lane: LANE, until, by: 'ana' })
    expect(await page.track()).toMatchObject({ state: 'idle', wants: 'wants nothing yet', signals: [] })
    expect((await page.track())?.buttons.map((button) => button.words)).toEqual(['Thaw'])
    await page.town.house.command({ kind: 'thaw', lane: LANE, by: 'ana' })
    expect((await page.track())?.buttons.map((button) => button.words)).toEqual(['Freeze 4 h'])
  })

  it('what asks comes first, and its card is there whatever number of newer ones there is', async () => {
    await upload(page.town, 'one')
    await asks(page)
    await page.town.advance(60_000)
    const card = { title: 'newer', facts: [], lines: [], question: null, tone: 'neutral' as const }
    for (let at = 0; at < 60; at++) await page.town.house.ports.chat.post('C0GPUOPS', `newer-${at}`, card)
    const newer = { ...(await page.town.lane(LANE)), lane: 'pipeline/newer', run: null }
    const value = { ...newer, outcome: null, since: page.town.house.clock.now() }
    await page.town.house.ports.ledger.commit([{ put: 'lane', id: value.lane, revision: 0, value }])
    const found = await lanesOf(page.town.house.ports, page.town.policy)
    expect(found.map(({ doc }) => doc.lane)).toEqual([LANE, 'pipeline/newer'])
    const html = await page.fragment('chat')
    expect(html.match(/newer/g)).toHaveLength(8)
    expect(html.indexOf('data-question')).toBeLessThan(html.indexOf('newer'))
  })

  it('what was spent of the budget, and what is held of it, is on it', async () => {
    expect(await page.fragment('spend')).toContain('$0.00 spent and $0.00 held of $20,000.00 in 2026-11')
    await page.town.answered(LANE)
    await page.town.until('its Job is there', async () => (await page.town.house.cluster.list('Job')).length === 1)
    expect(await page.fragment('spend')).toMatch(/\$0\.00 spent and \$[1-9]\d+\.\d+ held of/)
  })

  it('what nodes have cost is beside it, with the month’s end, and who had what of them', async () => {
    await page.town.settled(LANE)
    await page.town.advance(3_600_000)
    const html = await page.fragment('spend')
    expect(html).toMatch(/nodes cost \$28\.90 in 2026-11 \(0 % of \$20,000\.00\), \$0\.00 an hour now, about \$/)
    expect(html).toContain('idle after the last pod')
    expect(html).toContain(`<th scope="row">${LANE}</th>`)
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
