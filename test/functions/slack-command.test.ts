import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { poolsNow } from '../../flows/leases.ts'
import { signSlack } from '../../functions/signatures.ts'
import { door } from '../../functions/slack-command.ts'
import example from '../example.ts'
import { ANA, BEN, openTown, type Town } from '../journeys/town.ts'

const POOL = 'pool/gpu-train'
const REPLY_TO = 'https://hooks.slack.com/commands/T0SIGNAL/1/abc'
const HOUR = 3_600_000
const config = {
  ...example,
  pools: { ...example.pools, 'gpu-train': { ...example.pools['gpu-train'], leases: { maxGpus: 16, maxHours: 12 } } },
}

let town: Town
let said: { to: string; text: string }[]
beforeEach(async () => {
  said = []
  const replies = { say: async (to: string, text: string) => void said.push({ to, text }) }
  town = await openTown({ config, wrap: (ports) => ({ ...ports, replies }) })
})
afterEach(() => town.close())

/** Says it as Slack sends it, and goes on until whatever was left for a lane is folded and told. */
const say = async (text: string, { user = 'U0APPROVER', signed = true } = {}) => {
  const fields = { command: '/signalbox', text, user_id: user, team_id: 'T0SIGNAL', response_url: REPLY_TO }
  const body = Buffer.from(new URLSearchParams(fields).toString())
  const secret = signed ? (await town.house.secrets()).slack : 'another'
  const headers = signSlack({ secret, body, now: town.house.clock.now() })
  const answer = await town.house.webhook('commands', { headers, body })
  await town.advance(1000)
  return answer
}

describe('/signalbox lease in Slack', () => {
  it('is left for the pool’s lane, answered at once to who said it alone, and then with what became of it', async () => {
    const { status, body } = await say('lease gpu-train +8 for 6h')
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { response_type: 'ephemeral', text: expect.stringMatching(/^Taken: /), lane: POOL },
    })
    expect(said).toEqual([{ to: REPLY_TO, text: expect.stringMatching(/^lease of 8 GPUs until 2026-11-23 18:00 UTC/) }])
    const { desired } = await town.lane(POOL)
    expect(desired).toMatchObject({
      gpus: 8,
      requester: ANA,
      proven: true,
      until: town.house.clock.now() - 1000 + 6 * HOUR,
    })
    const card = (await town.house.cards()).find((one) => one.card.question !== null)?.card
    expect(card?.facts).toContainEqual({ label: 'Asked for by', value: `proven: ana (${ANA}), who said so in Slack` })
    expect(card?.facts).toContainEqual({ label: 'GPUs', value: 'gpu-train +8 until 2026-11-23 18:00 UTC' })
  })

  it('said again by whoever has its bytes adds nothing, be that at once, once it was carried out, or after another', async () => {
    const twice = async (text: string) => {
      const fields = { command: '/signalbox', text, user_id: 'U0APPROVER', team_id: 'T0SIGNAL', response_url: REPLY_TO }
      const body = Buffer.from(new URLSearchParams(fields).toString())
      const { slack: secret } = await town.house.secrets()
      const headers = signSlack({ secret, body, now: town.house.clock.now() })
      const send = async () => {
        expect((await town.house.webhook('commands', { headers, body })).status).toBe(200)
        await town.advance(1000)
      }
      await Promise.all([send(), send()])
      if ((await town.question(POOL)) !== null) await town.answered(POOL, 'approve', BEN)
      await town.advance(60_000)
      await send()
      return send
    }
    const leases = async () => {
      const at = { policy: town.policy, now: town.house.clock.now() }
      const [pool] = (await poolsNow(town.house.ports.ledger, at)).filter((one) => one.pool === 'gpu-train')
      return pool?.leases.map(({ id, gpus, until }) => [id, gpus, until])
    }
    const now = town.house.clock.now()
    const again = await twice('lease gpu-train +8 for 4h')
    expect(await leases()).toEqual([['g1', 8, now + 4 * HOUR]])
    await twice('lease gpu-train extend 2h of g1')
    await again()
    expect(await leases()).toEqual([['g1', 8, now + 6 * HOUR]])
    expect((await town.lane(POOL)).run).toBeNull()
    expect(said).toHaveLength(2)
    // Somebody says the same once more.
    await town.advance(6 * HOUR)
    await say('lease gpu-train +8 for 4h')
    expect(said).toHaveLength(3)
  })

  it('of who is named nowhere in the policy changes nothing, and says so to them', async () => {
    await say('lease gpu-train +8 for 6h', { user: 'U0STRANGER' })
    expect(said).toEqual([
      { to: REPLY_TO, text: expect.stringMatching(/named neither in approvals\.operators nor among/) },
    ])
    expect((await town.lane(POOL)).run).toBeNull()
  })

  it('of a pool that there is not is said so, and no lane comes of it', async () => {
    await say('lease nowhere +8 for 6h')
    expect(said).toEqual([{ to: REPLY_TO, text: expect.stringMatching(/no pool nowhere/) }])
    expect(await town.house.ports.ledger.lanes()).toEqual([])
  })

  it('in other words is answered with what may be said', async () => {
    const { status, body } = await say('lease gpu-train more')
    expect({ status, body }).toMatchObject({
      ...{
        status: 200,
        body: { refused: 'bad-field', text: expect.stringContaining('`/signalbox lease gpu-train +8 for 6h`') },
      },
    })
  })

  it('that Slack has not signed is refused, and only counted', async () => {
    expect(await say('lease gpu-train end', { signed: false })).toMatchObject({ status: 401 })
    expect(await town.house.ports.ledger.moments(null)).toEqual([])
  })

  it('touches no cluster', () => {
    expect([door.kubernetes, door.trigger]).toEqual([[], { kind: 'http', method: 'POST', route: '/slack/commands' }])
  })
})
