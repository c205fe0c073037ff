import { afterEach, beforeEach, expect, it } from 'vitest'
import { signSlack } from '../../functions/signatures.ts'
import { uploadDataset } from '../../local/scenario.ts'
import { openTown, type Town } from '../journeys/town.ts'

const LANE = 'train/support-chats'
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

/** Presses the button of the open question, or of another, as Slack sends it. */
const press = async (
  user: string,
  { question, replyTo = REPLY_TO }: { question?: string; replyTo?: string | null },
) => {
  const asked = await town.question(LANE)
  const payload = {
    type: 'block_actions',
    team: { id: 'T0SIGNAL' },
    user: { id: user, username: user, team_id: 'T0SIGNAL' },
    channel: { id: asked?.card?.channel },
    message: { ts: asked?.card?.ts },
    ...(replyTo === null ? {} : { response_url: replyTo }),
    actions: [{ action_id: 'approve', value: question ?? asked?.id, action_ts: '1' }],
  }
  const body = Buffer.from(new URLSearchParams({ payload: JSON.stringify(payload) }).toString())
  const secret = (await town.house.secrets()).slack
  const headers = signSlack({ secret, body, now: town.house.clock.now() })
  return (await town.house.webhook('slack', { headers, body })).body
}

it('tells whoever’s press does not count why, where their press asks for it, and nobody else', async () => {
  expect(await press('U0MALLORY', {})).toMatchObject({ refused: 'not-an-approver' })
  expect(said).toEqual([{ to: REPLY_TO, text: 'Your answer does not count: you are not among approvals.approvers.' }])
})

it('says nothing of a press that counts: the card shows it', async () => {
  expect(await press('U0APPROVER', {})).toMatchObject({ recorded: 'approved' })
  expect(said).toEqual([])
})

it('says that a question is no more, and nothing where a press names no place for it', async () => {
  expect(await press('U0APPROVER', { question: 'q-of-last-year' })).toMatchObject({ refused: 'unknown-question' })
  expect(await press('U0MALLORY', { replyTo: null })).toMatchObject({ refused: 'not-an-approver' })
  expect(said.map(({ text }) => text)).toEqual(['Your answer does not count: there is no such question.'])
})

it('writes the place nowhere: whoever has it may write there', async () => {
  await press('U0MALLORY', {})
  const written = [await town.house.ports.ledger.moments(null, { limit: 1000 }), await town.house.cards()]
  expect(JSON.stringify(written)).not.toContain('hooks.slack.com')
})
