import { describe, expect, it } from 'vitest'
import { signMlflow, signSlack, verifyMlflow, verifySlack } from '../../functions/signatures.ts'
import { type Sample, samplesOf } from '../events/samples.ts'

const given = ({ secret = '', request }: Sample) => ({
  secret,
  headers: request?.headers ?? {},
  body: Buffer.from(request?.body ?? ''),
})
const mlflow = samplesOf('model-promoted').filter(({ request }) => request !== undefined)
const slack = [...samplesOf('approval-answered'), ...samplesOf('lease-asked')]
const at = (header: string, { request }: Sample) => Number(request?.headers[header]) * 1000

describe('signatures over raw bytes', () => {
  it.each(mlflow)('MLflow’s own: $name', (sample) => {
    expect(verifyMlflow({ ...given(sample), now: at('x-mlflow-timestamp', sample) + 7000 })).toMatchObject({ ok: true })
  })

  it.each(slack)('Slack’s: $name', (sample) => {
    expect(verifySlack({ ...given(sample), now: at('x-slack-request-timestamp', sample) })).toMatchObject({ ok: true })
  })

  it.each([
    ...mlflow.map((sample) => ({
      sample,
      verify: verifyMlflow,
      header: 'x-mlflow-timestamp',
      signature: 'x-mlflow-signature',
    })),
    ...slack.map((sample) => ({
      sample,
      verify: verifySlack,
      header: 'x-slack-request-timestamp',
      signature: 'x-slack-signature',
    })),
  ])(
    'one changed byte, another secret or a missing header breaks it: $sample.name',
    ({ sample, verify, header, signature }) => {
      const { secret, headers, body } = given(sample)
      const now = at(header, sample)
      const flipped = Buffer.from(body)
      flipped[flipped.length >> 1] = (flipped[flipped.length >> 1] ?? 0) ^ 1
      expect(verify({ secret, headers, body: flipped, now })).toMatchObject({ reason: 'bad-signature' })
      expect(verify({ secret: `${secret}x`, headers, body, now })).toMatchObject({ reason: 'bad-signature' })
      expect(verify({ secret, headers: { ...headers, [header]: String(now / 1000 + 1) }, body, now })).toMatchObject({
        reason: 'bad-signature',
      })
      expect(
        verify({
          secret,
          headers: Object.fromEntries(Object.entries(headers).filter(([name]) => name !== signature)),
          body,
          now,
        }),
      ).toMatchObject({ reason: 'bad-signature' })
    },
  )

  it.each(['', ' ', 'd'.repeat(257), 'd\n', 'ä'])('MLflow’s delivery id %j is none, whoever signs it', (deliveryId) => {
    const [secret, body, now] = ['s', Buffer.from('{}'), 1_795_459_939_000]
    const headers = signMlflow({ secret, body, now, deliveryId })
    expect(verifyMlflow({ secret, headers, body, now })).toMatchObject({ ok: false, reason: 'bad-signature' })
  })

  it('Slack’s is fresh for 300 s either way; MLflow’s for 300 s back and 30 s ahead', () => {
    const body = Buffer.from('x')
    const now = 1_795_428_000_000
    const slackHeaders = signSlack({ secret: 's', body, now })
    for (const late of [-301, 301])
      expect(verifySlack({ secret: 's', headers: slackHeaders, body, now: now + late * 1000 })).toMatchObject({
        reason: 'stale-signature',
      })
    for (const late of [-300, 300])
      expect(verifySlack({ secret: 's', headers: slackHeaders, body, now: now + late * 1000 })).toMatchObject({
        ok: true,
      })
    const headers = signMlflow({ secret: 's', body, now, deliveryId: 'd' })
    for (const late of [-30, 300])
      expect(verifyMlflow({ secret: 's', headers, body, now: now + late * 1000 })).toEqual({
        ok: true,
        deliveryId: 'd',
      })
    for (const late of [-31, 301])
      expect(verifyMlflow({ secret: 's', headers, body, now: now + late * 1000 })).toMatchObject({
        reason: 'stale-signature',
        detail: expect.stringContaining('more than 300 s ago or 30 s ahead'),
      })
  })
})
