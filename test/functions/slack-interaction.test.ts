import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { answerTo } from '../../flows/letters.ts'
import { signSlack } from '../../functions/signatures.ts'
import { door } from '../../functions/slack-interaction.ts'
import { uploadDataset } from '../../local/scenario.ts'
import { ANA, openTown, type Town } from '../journeys/town.ts'

const LANE = 'pipeline/support-chats'
const REPLY_TO = 'https://hooks.slack.com/actions/T0SIGNAL/1/abc'

let town: Town
let said: { to: string; text: string }[]
beforeEach(async () => {
  said = []
  const replies = { say: async (to: string, text: string) => void said.push({ to, text }) }
  town = await openTown({ wrap: (ports) => ({ ...ports, replies }) })
  await uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'support-chats/a/', rows: ['{"q":1}'] })
  await town.house.scanUploads()
  await town.until('it asks', async () => (await town.question(LANE)) !== null)
})
afterEach(() => town.close())

interface Press {
  question?: string | undefined
  replyTo?: string | null
  action?: string
}

/** Presses the button of the open question, or of another, as Slack sends it. */
const press = async (user: string, { question, replyTo = REPLY_TO, action = 'approve' }: Press = {}) => {
  const asked = await town.question(LANE)
  const payload = {
    type: 'block_actions',
    team: { id: 'T0SIGNAL' },
    user: { id: user, username: user, team_id: 'T0SIGNAL' },
    ...(replyTo === null ? {} : { response_url: replyTo }),
    actions: [{ action_id: action, value: question ?? asked?.id, action_ts: '1' }],
  }
  return send(new URLSearchParams({ payload: JSON.stringify(payload) }).toString())
}

/** Sends a signed body, and goes on until whatever was left for a lane is folded and told. */
const send = async (text: string) => {
  const body = Buffer.from(text)
  const secret = (await town.house.secrets()).slack
  const headers = signSlack({ secret, body, now: town.house.clock.now() })
  const answer = await town.house.webhook('slack', { headers, body })
  await town.advance(1000)
  return answer
}

const became = (body: Record<string, unknown>) =>
  answerTo(town.house.ports, { lane: String(body['lane']), letter: String(body['accepted']) })
const letters = async () => town.house.ports.ledger.list('order', { prefix: `${LANE}#` })

describe('a press of a button', () => {
  it('is left as a letter for the lane that its question names, and answered with both at once', async () => {
    const { status, body } = await press('U0APPROVER')
    expect({ status, body }).toEqual({ status: 200, body: { accepted: expect.any(String), lane: LANE } })
    expect(await became(body)).toMatchObject({ became: 'recorded', data: { by: ANA, state: 'approved' } })
    expect(await letters()).toEqual([])
    expect(said).toEqual([])
  })

  it('that does not count is told so, with the reason, where the press asks for it, and nowhere else', async () => {
    const { status, body } = await press('U0MALLORY')
    expect([status, body['lane']]).toEqual([200, LANE])
    expect(await became(body)).toMatchObject({ became: 'refused', reason: 'not-an-approver' })
    expect(said).toEqual([{ to: REPLY_TO, text: 'Your answer does not count: you are not among approvals.approvers.' }])
    expect((await press('U0MALLORY', { replyTo: null })).status).toBe(200)
    expect(said).toHaveLength(1)
    expect((await town.question(LANE))?.votes).toEqual([])
  })

  it('of an older card is answered by the lane: that question is closed', async () => {
    const asked = await town.question(LANE)
    const older = asked?.id.replace(/\.[0-9a-z]+$/, '.0')
    expect(older).not.toBe(asked?.id)
    const { body } = await press('U0APPROVER', { question: older })
    expect(await became(body)).toMatchObject({ became: 'refused', reason: 'question-closed' })
    expect(said.map(({ text }) => text)).toEqual(['Your answer does not count: the question is closed.'])
    expect((await town.question(LANE))?.state).toBe('open')
  })

  it.each([
    'q-of-last-year',
    'pipeline/support-chats',
    'pipeline/support-chats#1.xyz.0',
    '../../x#1.0123456789abcdef.0',
  ])('of a question that never was is refused at the door: %s', async (question) => {
    expect(await press('U0APPROVER', { question })).toEqual({
      status: 200,
      body: { refused: 'unknown-question', detail: 'there is no such question' },
    })
    expect(said).toEqual([{ to: REPLY_TO, text: 'Your answer does not count: there is no such question.' }])
    expect(await letters()).toEqual([])
  })

  it('twice is one vote, and the second is told so', async () => {
    const question = (await town.question(LANE))?.id
    await press('U0APPROVER', { question })
    const { body } = await press('U0APPROVER', { question })
    expect(await became(body)).toMatchObject({ became: 'refused', reason: 'question-closed' })
    expect((await town.run(LANE))?.question?.votes).toHaveLength(1)
  })

  it('writes its place for a reply to no timeline and no card: whoever has it may write there', async () => {
    await press('U0MALLORY')
    const written = [await town.house.ports.ledger.moments(null, { limit: 1000 }), await town.house.cards()]
    expect(JSON.stringify(written)).not.toContain('hooks.slack.com')
  })
})

describe('what is no press', () => {
  it('is refused with the reason and leaves no letter', async () => {
    expect(await send('nothing=1')).toMatchObject({ status: 400, body: { refused: 'missing-field' } })
    expect(await press('U0APPROVER', { action: 'details' })).toMatchObject({
      status: 400,
      body: { refused: 'not-this-event' },
    })
    expect(await letters()).toEqual([])
    const counts = await town.house.ports.ledger.counts()
    expect(counts).toMatchObject({ 'refused:missing-field': 1, 'refused:not-this-event': 1 })
    expect(counts['letter:vote']).toBeUndefined()
  })

  it('signed by nobody reaches neither ledger of letters nor lane', async () => {
    const body = Buffer.from('payload=%7B%7D')
    const answer = await town.house.webhook('slack', { headers: {}, body })
    expect(answer).toMatchObject({ status: 401, body: { refused: 'bad-signature' } })
    expect(await letters()).toEqual([])
  })
})

it('the door touches the ledger, the queue and its secret, and no cluster', () => {
  expect([...door.ports].sort()).toEqual(['clock', 'ledger', 'queue', 'replies', 'secrets'])
  expect(door.kubernetes).toEqual([])
})
