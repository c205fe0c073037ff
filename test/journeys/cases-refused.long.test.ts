import { afterEach, describe, expect, it } from 'vitest'
import { Unavailable } from '../../flows/ports.ts'
import { everyRow } from '../../flows/rows.ts'
import { signSlack } from '../../functions/signatures.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { between } from './away.ts'
import { SIDES } from './outage.ts'
import {
  clockOf,
  everyJob,
  finishedOf,
  HOUR,
  jobsOf,
  looseEnds,
  MINUTE,
  say,
  TRAIN,
  timeline,
  trainedUntil,
  upload,
  versionsOf,
} from './scenes.ts'
import { ANA, openTown, type Town } from './town.ts'

const far = between()
let town: Town
afterEach(async () => {
  for (const side of SIDES) far.answers(side)
  far.calls.length = 0
  await town.close()
})

const open = async (): Promise<() => string[]> => {
  town = await openTown({ wrap: far.wrap })
  return everyJob(town)
}
const untold = async () => (await everyRow(town.house.ports.ledger, 'out', `${TRAIN}#`)).map(({ value }) => value)
const approve = async () =>
  town.house.answer((await town.question(TRAIN))?.id ?? '', { by: ANA, verdict: 'approve', reason: null })
const TRAINED = ['g1a1-evaluate', 'g1a1-train']

describe('what a far side refuses for good is final, in its own words (law 6)', () => {
  it('MLflow answers 400 to register: failed(not-registered) with its sentence, one training, the bus told once', async () => {
    const made = await open()
    const said = 'MLflow refuses model-versions/create: INVALID_PARAMETER_VALUE: Invalid model version source'
    far.fails('registry', 'refused', { name: 'register', said })
    await trainedUntil(town, 'train', 'running')
    const { outcome, attempt } = await town.settled(TRAIN)
    expect([attempt, outcome]).toEqual([1, expect.objectContaining({ kind: 'failed', reason: 'not-registered' })])
    expect(outcome?.detail).toContain('INVALID_PARAMETER_VALUE: Invalid model version source')
    await town.advance(3 * HOUR)
    expect(made()).toEqual(TRAINED)
    expect(finishedOf(town)).toHaveLength(1)
    expect(await town.house.why(TRAIN)).toMatchObject({
      why: 'parked',
      text: expect.stringContaining('Invalid model version source'),
    })
    far.answers('registry')
    expect(await say(town, 'retry')).toMatchObject({
      ok: true,
      detail: expect.stringMatching(/keeping train, evaluate where nothing/),
    })
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', attempt: 2 })
    expect(made()).not.toContain('g1a2-train')
  })

  it('MLflow refuses already the search: the same, and nothing was registered', async () => {
    const made = await open()
    far.fails('registry', 'refused', { name: 'findByTag', said: 'MLflow refuses model-versions/search: bad filter' })
    await trainedUntil(town, 'train', 'running')
    expect((await town.settled(TRAIN)).outcome).toMatchObject({
      reason: 'not-registered',
      detail: expect.stringContaining('bad filter'),
    })
    expect([made(), await versionsOf(town)]).toEqual([TRAINED, []])
  })

  it.each([
    'is_archived (unarchive the channel)',
    'not_in_channel (invite the app to the channel)',
    'invalid_auth (put the bot token)',
  ])(
    'Slack says %s: the question is open and can be answered, an operator sees it, and it is told once that is mended',
    async (said) => {
      const made = await open()
      far.fails('chat', 'refused', { name: 'post', said: `Slack chat.postMessage: ${said}` })
      await upload(town)
      await town.advance(HOUR)
      expect(await town.house.cards()).toEqual([])
      expect((await untold()).map(({ refused }) => refused)).toEqual([expect.stringContaining(said)])
      expect(await town.house.why(TRAIN)).toMatchObject({ why: 'asked', also: [expect.stringContaining(said)] })
      expect((await timeline(town)).filter(({ text }) => text.includes('could not be told'))).toHaveLength(1)
      expect(await approve()).toMatchObject({ status: 200, body: { recorded: 'approved' } })
      expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', attempt: 1 })
      expect(made()).toEqual(TRAINED)
      expect(finishedOf(town)).toHaveLength(1)
      far.answers('chat')
      await town.until('all is told', async () => (await untold()).length === 0, 1.1)
      expect((await town.house.cards()).map(({ card }) => card.title)).toEqual(
        expect.arrayContaining([expect.stringContaining(': succeeded'), expect.stringContaining('has a new version')]),
      )
      expect((await town.house.why(TRAIN)).also).toEqual([])
    },
  )

  it('a card that a person deleted is posted anew, and the press on it counts', async () => {
    await open()
    await upload(town)
    const [card] = await town.house.cards()
    await town.house.chat.remove(card?.channel ?? '', card?.ts ?? '')
    expect(await town.house.cards()).toEqual([])
    await town.answered(TRAIN)
    await town.advance(MINUTE)
    expect((await town.house.cards()).map(({ key }) => key)).toEqual([card?.key])
  })

  it('the bus refuses the event: kept in its words for an operator, the Jobs get their TTL, and it is told when mended', async () => {
    await open()
    far.fails('bus', 'refused', { said: 'EventBridge PutEvents: NotAuthorizedForSourceException' })
    await trainedUntil(town, 'train', 'running')
    expect((await town.settled(TRAIN)).state).toBe('succeeded')
    await town.advance(30 * MINUTE)
    expect((await jobsOf(town)).map(({ spec }) => spec?.ttlSecondsAfterFinished)).toEqual([86_400, 86_400])
    expect(await town.house.why(TRAIN)).toMatchObject({
      why: 'done',
      also: [expect.stringContaining('NotAuthorizedForSource')],
    })
    far.answers('bus')
    await town.until('all is told', async () => (await untold()).length === 0, 1.1)
    expect(finishedOf(town)).toHaveLength(1)
  })

  it('one card that Slack does not take holds up no other card of its lane', async () => {
    await open()
    far.fails('chat', 'refused', {
      name: 'post',
      said: 'invalid_blocks',
      when: ([, key]) => String(key).endsWith('-notify'),
    })
    await trainedUntil(town, 'train', 'running')
    await town.settled(TRAIN)
    await town.advance(MINUTE)
    expect((await town.house.cards()).map(({ card }) => card.title)).toEqual([expect.stringContaining(': succeeded')])
  })

  it('the cluster answers 422 to the Job: failed(denied) in its words, nothing made, and what was held goes back', async () => {
    await open()
    await upload(town)
    town.house.cluster.create = async () => ({
      kind: 'denied',
      status: 422,
      message: 'spec.template: Invalid value: "x"',
    })
    await town.answered(TRAIN)
    expect((await town.settled(TRAIN)).outcome).toMatchObject({
      kind: 'failed',
      reason: 'denied',
      detail: expect.stringContaining('Invalid value'),
    })
    expect(await jobsOf(town)).toEqual([])
    expect(await looseEnds(town)).toEqual([])
  })

  it('403 by a quota: rests with its words, holds, and goes on when there is room in it; the Job is made once', async () => {
    const made = await open()
    await upload(town)
    far.fails('cluster', 'not-allowed', { name: 'create', said: 'pods "x" is forbidden: exceeded quota: gpus' })
    await town.answered(TRAIN)
    await town.advance(HOUR)
    expect(await town.house.why(TRAIN)).toMatchObject({
      why: 'not-allowed',
      side: 'cluster',
      text: expect.stringContaining('exceeded quota'),
    })
    expect(Object.keys((await town.held('pool/gpu-train')).lanes)).toEqual([TRAIN])
    const tried = far.calls.filter(({ name }) => name === 'create').length
    expect(tried).toBeGreaterThan(5)
    expect(tried).toBeLessThan(25)
    expect((await timeline(town)).filter(({ text }) => text.includes('exceeded quota'))).toHaveLength(1)
    far.answers('cluster')
    expect((await town.settled(TRAIN, 1)).state).toBe('succeeded')
    expect(made()).toEqual(TRAINED)
  })

  it('one bucket is closed to us: its dataset waits and says so, the other one is trained on', async () => {
    const config = {
      ...example,
      pipelines: { 'support-chats': piped(), other: piped({ bucket: 'acme-other', prefix: 'other/' }) },
    }
    town = await openTown({ config, wrap: far.wrap })
    far.fails('objects', 'not-allowed', { when: ([bucket]) => bucket === 'acme-other', said: 'AccessDenied' })
    await upload(town, 'a', { bucket: 'acme-other', folder: 'other/a/' })
    await town.advance(10 * MINUTE)
    await upload(town)
    await town.answered(TRAIN)
    expect((await town.settled(TRAIN)).state).toBe('succeeded')
    expect(await town.house.why('pipeline/other')).toMatchObject({
      side: 'objects',
      text: expect.stringContaining('AccessDenied'),
    })
    far.answers('objects')
    await town.until('it asks', async () => (await town.question('pipeline/other')) !== null, 0.2)
  })

  it('a bug of ours is a written rest that says so, and goes on after a deploy', async () => {
    const made = await open()
    await trainedUntil(town, 'evaluate', 'running')
    const { registry } = town.house
    const { findByTag } = registry
    registry.findByTag = () => Promise.reject(new TypeError('x is not a function'))
    await town.advance(2 * HOUR)
    expect(await town.house.why(TRAIN)).toMatchObject({
      why: 'bug',
      side: 'registry',
      text: expect.stringContaining('x is not a function'),
    })
    expect(await town.house.ports.ledger.counts()).toMatchObject({ 'bug:registry': 1 })
    registry.findByTag = findByTag
    expect((await town.settled(TRAIN, 1)).state).toBe('succeeded')
    expect(made()).toEqual(TRAINED)
  })
})

describe('a far side that is away says when to come again, or never comes again', () => {
  it('503 with Retry-After 60 for 20 minutes: asked no sooner than it says, and the Job is made once', async () => {
    const made = await open()
    await upload(town)
    const { create } = town.house.cluster
    const asked: number[] = []
    town.house.cluster.create = () => {
      asked.push(town.house.clock.now())
      return Promise.reject(
        Object.assign(new Unavailable('the server is currently unable to handle the request'), { retryAfter: 60 }),
      )
    }
    await town.answered(TRAIN)
    await town.advance(20 * MINUTE)
    expect(asked.length).toBeGreaterThan(4)
    expect(asked.slice(1).every((at, index) => at - (asked[index] ?? 0) >= MINUTE)).toBe(true)
    town.house.cluster.create = create
    expect((await town.settled(TRAIN, 1)).state).toBe('succeeded')
    expect(made()).toEqual(TRAINED)
  })

  it('who pressed without a right cannot be told for a day: told later, once, and the question is as open as before', async () => {
    await open()
    await upload(town)
    const { id = '' } = (await town.question(TRAIN)) ?? {}
    const told: string[] = []
    town.house.ports.replies.say = async (_to, text) => void told.push(text)
    far.fails('replies', 'away')
    await press(id, 'U0GUEST')
    await town.advance(3 * HOUR)
    expect(await town.house.why(TRAIN)).toMatchObject({
      why: 'asked',
      also: [expect.stringMatching(/^replies does not answer since .*12:00 UTC/)],
    })
    far.answers('replies')
    await town.advance(10 * MINUTE)
    expect((await town.house.why(TRAIN)).also).toEqual([])
    expect(await approve()).toMatchObject({ body: { recorded: 'approved' } })
  })

  it('Slack is away while only it knows who may approve: what was approved begins when it says so again', async () => {
    const approvals = { ...example.approvals, approvers: [{ id: 'T0SIGNAL/S0GPUOPS', name: 'GPU ops' }], expiry: '7d' }
    town = await openTown({ config: { ...example, approvals }, wrap: far.wrap })
    const made = await everyJob(town)
    town.house.chat.members = async () => [ANA]
    await upload(town)
    await town.house.command({ kind: 'freeze', lane: TRAIN, until: town.house.clock.now() + HOUR, by: ANA })
    await town.answered(TRAIN)
    far.fails('chat', 'away')
    await town.advance(9 * HOUR)
    expect(await town.house.why(TRAIN)).toMatchObject({ side: 'chat' })
    expect(made()).toEqual([])
    far.answers('chat')
    expect((await town.settled(TRAIN, 2)).state).toBe('succeeded')
    expect(made()).toEqual(TRAINED)
  })

  it('the bus is away for two weeks: then it is given up, and the timeline says so', async () => {
    await open()
    await trainedUntil(town, 'evaluate', 'running')
    far.fails('bus', 'away')
    await town.settled(TRAIN)
    const [row] = await town.house.ports.ledger.list('out', { prefix: `${TRAIN}#` })
    expect(row?.value.telling.kind).toBe('finished')
    clockOf(town).set(clockOf(town).now() + 14 * 24 * HOUR)
    await town.advance(HOUR)
    expect(await untold()).toEqual([])
    expect((await timeline(town)).at(-1)?.text).toContain('was never told')
  })
})

/** A press in Slack, which says where the person can be told what became of it. */
const press = async (question: string, user: string): Promise<void> => {
  const action = { type: 'button', action_id: 'approve', block_id: 'decision', value: question, action_ts: '1' }
  const person = {
    team: { id: 'T0SIGNAL' },
    user: { id: user, team_id: 'T0SIGNAL' },
    response_url: 'https://hooks.slack.com/actions/T0SIGNAL/1/a',
  }
  const body = Buffer.from(
    `payload=${encodeURIComponent(JSON.stringify({ type: 'block_actions', ...person, actions: [action] }))}`,
  )
  const signed = signSlack({ secret: 'test-signing-secret', body, now: town.house.clock.now() })
  await town.house.webhook('slack', {
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...signed },
    body,
  })
}
