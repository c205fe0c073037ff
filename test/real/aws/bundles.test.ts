import { type AddressInfo, createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readRow } from '../../../flows/rows.ts'
import { PROMPT } from '../../../functions/aws-binding/patience.ts'
import { signMlflow, signSlack } from '../../../functions/signatures.ts'
import { samplesOf } from '../../events/samples.ts'
import { type Bundles, openBundles, PLANTED } from './bundles.ts'

const LANE = 'pipeline/support-chats'
let bundles: Bundles
beforeAll(async () => {
  bundles = await openBundles()
}, 900_000)
afterAll(() => bundles.close())

const http = (headers: Record<string, string>, body: string) => ({
  version: '2.0',
  rawPath: '/',
  headers,
  body: Buffer.from(body).toString('base64'),
  isBase64Encoded: true,
})

describe('each door through its bundle, in a fresh process, as Lambda calls it', () => {
  it.each(['dataset-uploaded', 'model-promoted'])('%s says of each sample what the sample says', async (door) => {
    const samples = samplesOf(door).filter(({ event }) => event !== undefined)
    const answers = await bundles.call(
      door,
      samples.map(({ event }) => event),
    )
    for (const [index, { expect: expected, name }] of samples.entries())
      if (expected === 'accepted') expect(answers[index]?.['kind'], name).toMatch(/^(left|not-configured)$/)
      else expect(answers[index], name).toMatchObject({ kind: 'refused', reason: expected.refused })
  })

  it('dataset-uploaded leaves a letter and wakes its lane', async () => {
    const letters = await bundles.ledger.list('look', { prefix: `${LANE}#` })
    expect(letters.length).toBeGreaterThan(0)
    expect(bundles.sqs.hasWork()).toBe(true)
  })

  it('registry-webhook takes what is signed and fresh, says so, and refuses the rest with reasons', async () => {
    const samples = samplesOf('model-promoted').filter(({ request }) => request !== undefined)
    const signed = samples.map(({ request }, n) => {
      const body = request?.body ?? ''
      const given = { secret: 'planted-hook', body: Buffer.from(body), now: Date.now(), deliveryId: `d-${n}` }
      return http(signMlflow(given), body)
    })
    const answers = await bundles.call('registry-webhook', [
      ...signed,
      http(samples[0]?.request?.headers ?? {}, samples[0]?.request?.body ?? ''),
    ])
    const forged = answers.pop()
    expect(forged).toMatchObject({ statusCode: 401, body: expect.stringContaining('bad-signature') })
    for (const [index, { expect: expected }] of samples.entries())
      expect(answers[index]).toMatchObject({
        statusCode: 202,
        body: expect.stringContaining(expected === 'accepted' ? 'accepted' : expected.refused),
      })
  })

  it('slack-interaction refuses what is stale, forged, or asks for nothing that is open', async () => {
    const [sample] = samplesOf('approval-answered').filter(({ name }) => name.startsWith('approve'))
    const body = sample?.request?.body ?? ''
    const sign = (now: number, secret = 'planted-sign') =>
      http(signSlack({ secret, body: Buffer.from(body), now }), body)
    const [fresh, stale, forged] = await bundles.call('slack-interaction', [
      sign(Date.now()),
      sign(Date.now() - 400_000),
      sign(Date.now(), 'other'),
    ])
    expect(fresh).toMatchObject({ statusCode: 200, body: expect.stringContaining('refused') })
    expect(bundles.slack.replies).toEqual([
      {
        method: 'actions/T0SIGNAL/1/abc',
        response_type: 'ephemeral',
        replace_original: false,
        text: 'Your answer does not count: there is no such question.',
      },
    ])
    expect(stale).toMatchObject({ statusCode: 401, body: expect.stringContaining('stale-signature') })
    expect(forged).toMatchObject({ statusCode: 401, body: expect.stringContaining('bad-signature') })
  })

  it('tick wakes what is due, watch looks while anything is in flight, resync compares', async () => {
    const minutes = { MILLISECONDS_LEFT: '270000' }
    const [ticked] = await bundles.call('tick', [{}], minutes)
    expect(ticked).toMatchObject({ left: false, woken: expect.any(Number) })
    expect(await bundles.call('watch', [{}], minutes)).toEqual([{ watched: false }])
    const [compared] = await bundles.call('resync', [{}], minutes)
    // No registry answers here: what else there is was asked.
    expect(JSON.stringify(compared)).toMatch(/"asked":|could not be asked, the first: /)
  })

  it('reconcile asks, rests, and goes on once the button is pressed: a fresh process each time', async () => {
    const document = async () => (await readRow(bundles.ledger, 'lane', LANE))?.value
    for (const answer of await bundles.reconcileAll()) expect(answer).toBeNull()
    const question = (await document())?.run?.question
    expect(question?.state).toBe('open')
    const [card] = bundles.slack.messages
    expect(JSON.stringify(card)).toContain(question?.id)

    const [sample] = samplesOf('approval-answered').filter(({ name }) => name === 'approve-uri')
    const body = (sample?.request?.body ?? '').replaceAll(
      'apr_01JD0000000000000000000000',
      encodeURIComponent(question?.id ?? ''),
    )
    const pressed = signSlack({ secret: 'planted-sign', body: Buffer.from(body), now: Date.now() })
    const [answer] = await bundles.call('slack-interaction', [http(pressed, body)])
    expect(answer).toMatchObject({ statusCode: 200, body: expect.stringContaining(LANE) })
    for (const one of await bundles.reconcileAll()) expect(one).toBeNull()
    expect((await document())?.run?.steps.find(({ kind }) => kind === 'launch-job')?.made?.uid).toMatch(/./)
    const said = JSON.stringify([bundles.slack.messages, await bundles.ledger.moments(null, { limit: 1000 })])
    for (const secret of PLANTED) expect(said).not.toContain(secret)
  }, 300_000)

  it('says which setting is missing, and 503 to a webhook when the ledger cannot be asked', async () => {
    await expect(bundles.call('watch', [{}], { SIGNALBOX_TABLE: '' })).rejects.toThrow('SIGNALBOX_TABLE is not set')
    const body = '{}'
    const given = { secret: 'planted-hook', body: Buffer.from(body), now: Date.now(), deliveryId: 'd' }
    const [answer] = await bundles.call('registry-webhook', [http(signMlflow(given), body)], {
      AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:9',
    })
    expect(answer).toMatchObject({ statusCode: 503 })
  })

  it.each(['registry-webhook', 'slack-interaction'])(
    '%s says 503 while people still wait, when what it asks takes its call and says nothing',
    async (door) => {
      let calls = 0
      const silent = createServer(() => void calls++)
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
      const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
      const nobody = { AWS_ENDPOINT_URL: url, AWS_ENDPOINT_URL_DYNAMODB: url, AWS_ENDPOINT_URL_SQS: url }
      const [answer] = await bundles.call(door, [http({}, '{}')], nobody)
      expect(answer).toMatchObject({ statusCode: 503 })
      // Both tries end before the chain would (`PROMPT`): nobody is waited for a third time.
      expect(calls).toBe(PROMPT.maxAttempts)
      silent.close()
    },
  )
})
