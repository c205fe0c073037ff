import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ListedRun } from '../../../flows/runs.ts'
import { uploadDataset } from '../../../local/scenario.ts'
import { appOf } from '../../../local/server/server.ts'
import { samplesOf } from '../../events/samples.ts'
import example from '../../example.ts'
import { ANA, openTown, type Town } from '../../journeys/town.ts'
import { piped } from '../../variants.ts'

const LANE = 'pipeline/support-chats'

let town: Town
let ask: (path: string, init?: RequestInit & { headers?: Record<string, string> }) => Promise<Response>
const host = { host: '127.0.0.1:4680' }
const token = { ...host, authorization: 'Bearer test-token', 'content-type': 'application/json' }
const plans = async (): Promise<ListedRun[]> =>
  ((await (await ask('/api/plans')).json()) as { plans: ListedRun[] }).plans
const post = (path: string, body: unknown, headers: Record<string, string> = token) =>
  ask(path, { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) })

beforeAll(async () => {
  town = await openTown()
  const app = appOf({ house: town.house, port: 4680, version: 'test', token: 'test-token' })
  ask = async (path, init) =>
    app.request(`http://127.0.0.1:4680${path}`, { ...init, headers: { ...host, ...init?.headers } })
  await uploadDataset(town.house, {
    bucket: 'acme-datasets',
    folder: 'support-chats/<script>alert(1)</script>/',
    rows: ['{}'],
  })
  await town.house.scanUploads()
  await town.until('it asks', async () => (await town.question('pipeline/support-chats')) !== null)
})
afterAll(() => town.close())

describe('only this machine, by its own name', () => {
  it('refuses another host and another origin, with a reason', async () => {
    expect((await ask('/healthz', { headers: { host: 'evil.example' } })).status).toBe(403)
    expect((await ask('/healthz', { headers: { origin: 'http://evil.example' } })).status).toBe(403)
    expect((await ask('/healthz', { headers: { origin: 'http://127.0.0.1:4680' } })).status).toBe(200)
  })
})

describe('bad input', () => {
  it.each([
    ['no JSON', '{', 400],
    ['no object', '5', 400],
    ['no event', '[]', 400],
    ['too many events', JSON.stringify(Array.from({ length: 101 }, () => ({}))), 400],
    ['over 1 MiB', `"${'x'.repeat(1024 * 1024)}"`, 413],
  ])('%s is answered with a reason', async (_, body, status) => {
    const answer = await post('/events', body)
    expect(answer.status).toBe(status)
    expect(await answer.json()).toMatchObject({ error: expect.any(String), detail: expect.any(String) })
  })

  const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`
  it('what is nested as producers nest is taken, brackets in texts are none, and a text may end with a backslash', async () => {
    const event = { source: 'aws.s3', detail: JSON.parse(nested(60)), text: '[{'.repeat(100), path: 'c:\\' }
    expect((await post('/events', event)).status).toBe(202)
  })

  it('an address of weights with a hundred thousand slashes is answered at once', async () => {
    const source = `s3://b/${'/'.repeat(900_000)}x`
    const before = performance.now()
    await post('/api/2.0/mlflow/model-versions/create', { name: 'slashes', source })
    expect(performance.now() - before).toBeLessThan(5000)
  })

  it.each([
    ['id', { id: 'i'.repeat(257) }],
    [
      'detail.object.key',
      { detail: { bucket: { name: 'b' }, object: { key: `${'/'.repeat(1024)}manifest.json`, size: 1 } } },
    ],
  ])(
    'an event whose %s is longer than its producer makes it is refused, and nothing of it is kept',
    async (path, over) => {
      const object = { key: 'support-chats/x/manifest.json', size: 1 }
      const event = {
        id: 'i',
        source: 'aws.s3',
        'detail-type': 'Object Created',
        time: '2026-11-01T00:00:00Z',
        detail: { bucket: { name: 'acme-datasets' }, object },
      }
      const answer = await post('/events', { ...event, ...over })
      expect(await answer.json()).toMatchObject({
        events: [{ reason: 'bad-field', detail: expect.stringContaining(path) }],
      })
      const [moment] = await town.house.ports.ledger.moments('-', { limit: 1 })
      expect(JSON.stringify(moment).length).toBeLessThan(500)
    },
  )

  it('what strangers wrote is kept without anything that a terminal obeys', async () => {
    const answer = await post('/events', { source: '\u009b2Jx\u202e', 'detail-type': '\u009d0;y\u009c' })
    expect(answer.status).toBe(202)
    const [moment] = await town.house.ports.ledger.moments('-', { limit: 1 })
    expect(moment?.text).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  })

  it('a freeze until no date is refused', async () => {
    const answer = await post('/api/commands', { kind: 'freeze', lane: '*', by: ANA, until: 1e300 })
    expect(answer.status).toBe(422)
  })

  it.each([
    '/api/plans/nobody',
    '/api/plans/pipeline-support-chats-00000000-g1a1',
    '/nowhere',
    '/assets/../package.json',
  ])('%s is not there', async (path) => {
    expect((await ask(path)).status).toBe(404)
  })

  it('a webhook without a right signature is 401, a timeline without a lane 400, a wrong command 400', async () => {
    expect((await post('/webhooks/mlflow', '{}')).status).toBe(401)
    expect((await post('/slack/interactions', 'payload=1')).status).toBe(401)
    expect((await ask('/api/timeline')).status).toBe(400)
    expect((await ask('/api/why')).status).toBe(400)
  })

  it.each([
    ['that is none', { kind: 'explode' }],
    ['of nobody', { kind: 'retry', by: '' }],
    ['from a stage that is no name', { kind: 'retry', from: 3 }],
    ['with what belongs to another', { kind: 'cancel', from: 'train' }],
    ['of what nobody can have seen', { kind: 'cancel', saw: { generation: 0, attempt: 1 } }],
    ['that wants what is no yes or no', { kind: 'cancel', wanted: 'yes' }],
    ['without its end', { kind: 'freeze' }],
  ])('a command %s is 400 with a reason', async (_, body) => {
    const answer = await post('/api/commands', { lane: 'pipeline/support-chats', by: 'me', ...body })
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ error: 'bad-body', detail: expect.any(String) })
  })

  it.each([
    ['an event beside nothing', { source: 'x' }],
    ['no event', { objects: [] }],
    ['an object without its bucket', { event: {}, objects: [{ key: 'k', text: 't' }] }],
    ['objects that are none', { event: {}, objects: ['k'] }],
    [
      'more objects than a dataset needs',
      { event: {}, objects: Array(101).fill({ bucket: 'bbb', key: 'k', text: '' }) },
    ],
  ])('a plan on paper of %s is 400 with a reason', async (_, body) => {
    const answer = await post('/api/plan', body)
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ error: 'bad-body', detail: expect.any(String) })
  })
})

describe('the routes', () => {
  it('an event is answered with what it became', async () => {
    const [sample] = samplesOf('dataset-uploaded').filter(({ name }) => name === 'base')
    const answer = await post('/events', sample?.event)
    expect(answer.status).toBe(202)
    expect(await answer.json()).toMatchObject({
      events: [
        { contract: 'dataset-uploaded', lane: 'pipeline/support-chats', kind: 'ignored', reason: 'source-gone' },
      ],
    })
    expect(await (await post('/events', { source: 'x' })).json()).toMatchObject({
      events: [{ kind: 'refused', reason: 'no-contract' }],
    })
    const object = { ...(sample?.event as { detail: object }) }
    const part = {
      ...object,
      detail: { bucket: { name: 'acme-datasets' }, object: { key: 'support-chats/a/part.jsonl', size: 9 } },
    }
    const said = expect.stringContaining('its key ends in its manifest’s name, `…manifest.json`')
    expect(await (await post('/events', part)).json()).toMatchObject({
      events: [{ reason: 'no-contract', detail: said }],
    })
    expect(await (await post('/api/plan', { event: part })).json()).toMatchObject({ became: { detail: said } })
  })

  it('a plan on paper sees the objects that are sent along, and leaves none behind', async () => {
    const [sample] = samplesOf('dataset-uploaded').filter(({ name }) => name === 'base')
    const key = 'support-chats/2026-11-23/manifest.json'
    const manifest = { version: 1, objects: [{ key: 'support-chats/2026-11-23/part-0.jsonl', size: 2 }] }
    const objects = [
      { bucket: 'acme-datasets', key: 'support-chats/2026-11-23/part-0.jsonl', text: '{}' },
      { bucket: 'acme-datasets', key, text: JSON.stringify(manifest) },
    ]
    // Of two manifests of one moment the order of their keys counts.
    await town.advance(1000)
    const planned = async (body: object) => (await post('/api/plan', { event: sample?.event, ...body })).json()
    expect(await planned({ objects })).toMatchObject({
      became: { kind: 'intended', lane: 'pipeline/support-chats' },
      text: expect.stringContaining('Steps'),
    })
    expect(await planned({ objects: objects.slice(1) })).toMatchObject({ became: { kind: 'waiting' } })
    expect(await planned({})).toMatchObject({ became: { kind: 'ignored', reason: 'source-gone' } })
    expect(await town.house.objects.head('acme-datasets', key)).toBeNull()
  })

  it('each reading answer is an object with one named list or thing', async () => {
    for (const [path, name] of [
      ['/healthz', 'health'],
      ['/api/lanes', 'lanes'],
      ['/api/plans', 'plans'],
      ['/api/budgets', 'budgets'],
      ['/api/notices', 'notices'],
      ['/api/why?lane=pipeline/support-chats', 'why'],
      ['/api/why?lane=nobody', 'why'],
      ['/api/timeline?lane=pipeline/support-chats', 'timeline'],
      ['/api/cluster', 'cluster'],
      ['/api/loose', 'loose'],
      ['/api/cards', 'cards'],
      ['/api/feed', 'feed'],
      ['/api/shadow', 'shadow'],
    ] as const)
      expect(Object.keys((await (await ask(path)).json()) as object), path).toEqual([name])
  })

  it('the page escapes what events say, and forbids scripts that are not its own', async () => {
    const page = await ask('/')
    const text = await page.text()
    expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
    expect(text).not.toContain('<script>alert')
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'")
  })

  it('a lane is its document with its state in one word, and why it is where it is', async () => {
    const { lanes } = (await (await ask('/api/lanes')).json()) as { lanes: { lane: string }[] }
    expect(lanes.find(({ lane }) => lane === LANE)).toMatchObject({
      ...(await town.lane(LANE)),
      state: 'wanted',
      why: { lane: LANE, why: 'asked', text: expect.stringContaining('waits for ana or ben') },
    })
    expect(await (await ask(`/api/why?lane=${LANE}`)).json()).toMatchObject({ why: { why: 'asked' } })
    expect(await (await ask('/api/why?lane=pipeline/none')).json()).toMatchObject({ why: { why: 'nothing-known' } })
  })

  it('plans are runs with their title, and one of them is shown whole with its run', async () => {
    const [first] = await plans()
    expect(first).toMatchObject({
      lane: LANE,
      title: expect.stringContaining('Fine-tune'),
      outcome: null,
      endedAt: null,
    })
    expect(first?.run).toMatchObject({ phase: 'asked', question: { state: 'open' } })
    expect(await (await ask(`/api/plans/${first?.id}`)).json()).toMatchObject({
      plan: {
        id: first?.id,
        lane: LANE,
        run: { phase: 'asked', outcome: null },
        text: expect.stringContaining('Steps'),
      },
    })
  })

  it('a guest’s answer is refused with its reason; an approver’s counts', async () => {
    const id = (await plans()).find(({ run }) => run.phase === 'asked')?.id ?? ''
    const answer = async (by: string) =>
      (await post(`/api/plans/${id}/answers`, { by, verdict: 'approve', reason: null })).json()
    expect(await answer('T0SIGNAL/U0GUEST')).toMatchObject({ refused: 'not-an-approver' })
    expect(await answer('T0SIGNAL/U0APPROVER')).toMatchObject({ recorded: 'approved' })
    expect(await (await ask(`/api/plans/${id}`)).json()).toMatchObject({
      plan: { id, text: expect.stringContaining('Steps') },
    })
  })

  it('a question is answered by its id, which is one part of the path whatever is in it', async () => {
    await town.settled(LANE)
    await post('/api/commands', { kind: 'retry', lane: LANE, by: 'ana' })
    await town.until('it asks again', async () => (await town.question(LANE)) !== null)
    const question = (await town.question(LANE))?.id ?? ''
    const answer = async (id: string) =>
      (
        await post(`/api/questions/${encodeURIComponent(id)}/answers`, { by: ANA, verdict: 'deny', reason: 'no' })
      ).json()
    expect(await answer('nobody asked')).toMatchObject({ refused: 'unknown-question' })
    expect(await answer(`${question}0`)).toMatchObject({ refused: 'question-closed' })
    expect(await answer(question)).toMatchObject({ recorded: 'rejected', lane: LANE })
    expect((await town.settled(LANE)).state).toBe('rejected')
  })

  it('what is past keeps its plan, its outcome and its cost, behind what is newer', async () => {
    const found = (await plans()).filter(({ lane }) => lane === LANE)
    expect(found.map(({ run, outcome }) => [run.attempt, outcome?.kind])).toEqual([
      [2, 'rejected'],
      [1, 'succeeded'],
    ])
    expect(found.at(-1)?.cost).toBeGreaterThan(0)
    expect(await (await ask(`/api/plans/${found.at(-1)?.id}`)).json()).toMatchObject({
      plan: { attempt: 1, run: { outcome: { kind: 'succeeded' }, cost: found.at(-1)?.cost } },
    })
    const closed = await post(`/api/plans/${found[0]?.id}/answers`, { by: ANA, verdict: 'approve', reason: null })
    expect(await closed.json()).toMatchObject({ refused: 'question-closed' })
  })

  it('commands: from a stage on, what waits behind a run; each says what it reached', async () => {
    const say = async (body: object) => {
      const answer = await post('/api/commands', { lane: LANE, by: 'ana', ...body })
      return [answer.status, ((await answer.json()) as { detail: string }).detail] as const
    }
    expect(await say({ kind: 'retry', from: 'lunch' })).toEqual([
      422,
      expect.stringMatching(/no stage lunch to begin from: it is one of train, evaluate, or/),
    ])
    expect(await say({ kind: 'cancel', wanted: true })).toEqual([422, expect.stringContaining('nothing waits')])
    expect(await say({ kind: 'retry', saw: { generation: 1, attempt: 1 } })).toEqual([
      422,
      expect.stringContaining('you saw generation 1, attempt 1; now it is'),
    ])
    expect(await say({ kind: 'retry', from: 'train' })).toEqual([200, expect.stringMatching(/attempt 3 of generation/)])
    expect(await say({ kind: 'cancel', lane: 'pipeline/none' })).toEqual([422, 'there is no lane pipeline/none'])
    const noRule = 'there is no lane pipeline/none, and the policy has no rule for it'
    expect(await say({ kind: 'thaw', lane: 'pipeline/none' })).toEqual([422, noRule])
    expect(await say({ kind: 'thaw', lane: 'service/support-llama' })).toEqual([
      422,
      'service/support-llama is not frozen',
    ])
  })
})

describe('rules in shadow', () => {
  it('what they would have done is listed, of every lane', async () => {
    const shadow = {
      ...example,
      pipelines: { 'support-chats': piped({ mode: 'shadow' }) },
    }
    const other = await openTown({ config: shadow })
    const app = appOf({ house: other.house, port: 4680, version: 'test', token: 'test-token' })
    try {
      for (const folder of ['a', 'b']) {
        await uploadDataset(other.house, {
          bucket: 'acme-datasets',
          folder: `support-chats/${folder}/`,
          rows: [folder],
        })
        await other.house.scanUploads()
        await other.advance(60_000)
      }
      const answer = await app.request('http://127.0.0.1:4680/api/shadow', { headers: host })
      const { shadow: found } = (await answer.json()) as { shadow: { lane: string; at: number; plan: object }[] }
      expect(found).toMatchObject([{ lane: LANE, plan: { lane: LANE } }, { lane: LANE }])
      expect(found[0]!.at).toBeGreaterThan(found[1]!.at)
    } finally {
      await other.close()
    }
  })
})

describe('the registry, as an MLflow client reaches it', () => {
  const PATH = '/api/2.0/mlflow'

  it('registers, promotes and reads back; the promotion comes in through the webhook door', async () => {
    const made = await post(`${PATH}/model-versions/create`, {
      name: 'code-llama',
      source: 's3://acme-results/code/1/',
    })
    expect(await made.json()).toMatchObject({ model_version: { name: 'code-llama', version: '1' } })
    const set = await post(`${PATH}/registered-models/alias`, { name: 'code-llama', alias: 'champion', version: '1' })
    expect(set.status).toBe(200)
    const read = await ask(`${PATH}/registered-models/alias?name=code-llama&alias=champion`)
    expect(await read.json()).toMatchObject({ model_version: { version: '1', aliases: ['champion'] } })
    await town.until('the promotion is wanted', async () => (await town.lane('service/code-llama'))?.generation === 1)
  })

  it.each([
    ['an unknown route', 'model-versions/transition-stage', {}, 404],
    [
      'a number where MLflow wants text',
      'registered-models/alias',
      { name: 'code-llama', alias: 'champion', version: 1 },
      400,
    ],
    ['tags that are none', 'model-versions/create', { name: 'code-llama', source: 's3://x/', tags: [5] }, 400],
    ['no object', 'model-versions/create', [], 400],
    ['no JSON', 'model-versions/create', '{', 400],
  ])('%s is refused in MLflow’s words', async (_, path, body, status) => {
    const answer = await post(`${PATH}/${path}`, body)
    expect(answer.status).toBe(status)
    expect(Object.keys((await answer.json()) as object).some((key) => key.startsWith('error'))).toBe(true)
  })
})
