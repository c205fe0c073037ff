import type { Context } from 'aws-lambda'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Unavailable } from '../../../flows/ports.ts'
import { lambda } from '../../../functions/aws-binding/lambda.ts'
import { EARLY, HTTP_SECONDS, PROMPT } from '../../../functions/aws-binding/patience.ts'
import { VARIABLES } from '../../../functions/aws-binding/settings.ts'
import { door as datasetUploaded } from '../../../functions/dataset-uploaded.ts'
import { TRY_AGAIN } from '../../../functions/http.ts'
import { door as registryWebhook } from '../../../functions/registry-webhook.ts'
import { signMlflow } from '../../../functions/signatures.ts'
import { door as slackInteraction } from '../../../functions/slack-interaction.ts'
import { samplesOf } from '../../events/samples.ts'

let said = ''
beforeEach(() => {
  said = ''
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, 'write').mockImplementation((chunk) => {
      said += String(chunk)
      return true
    })
})
afterEach(() => vi.restoreAllMocks())

/** Lambda's context with so much time left, milliseconds. */
const context = (left = 60_000): Context =>
  ({ functionName: 'signalbox', awsRequestId: 'r', getRemainingTimeInMillis: () => left }) as unknown as Context
const never = (): Promise<never> => new Promise(() => undefined)
const throwing =
  (error: Error): (() => Promise<never>) =>
  () =>
    Promise.reject(error)
/** Lines of the log, and metrics as CloudWatch reads them. */
const lines = (): Record<string, unknown>[] =>
  said
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)

describe('a door that is about to be ended by Lambda', () => {
  it.each([registryWebhook, slackInteraction])('says 503 when people wait for it: $name', async (door) => {
    expect(await lambda(door, never)({}, context(EARLY.http))).toEqual(TRY_AGAIN)
    expect(TRY_AGAIN).toMatchObject({ statusCode: 503, body: '{"error":"unavailable","detail":"try again"}' })
    expect(lines()).toContainEqual(expect.objectContaining({ level: 'ERROR', message: `${door.name} failed` }))
  })

  it('fails in its own words when nobody does, for the failure queue', async () => {
    await expect(lambda(datasetUploaded, never)({}, context(EARLY.bus))).rejects.toThrow(
      'dataset-uploaded still waited 500 ms before Lambda would have ended it',
    )
  })

  it.each<[string, () => Promise<unknown>]>([
    ['an answer', () => Promise.resolve(1)],
    ['an error', throwing(new Error('x'))],
  ])('leaves no timer behind %s that would ring in the next event', async (_, work) => {
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
    const before = timers()
    await lambda(datasetUploaded, work)({}, context()).catch(() => null)
    expect(timers()).toBe(before)
  })

  it('has tried a dead connection twice by then, and Slack still hears the answer', () => {
    const answered = HTTP_SECONDS * 1000 - EARLY.http
    // Between two tries the SDK waits at most 100 ms.
    expect(PROMPT.maxAttempts * PROMPT.requestHandler.requestTimeout + 100).toBeLessThan(answered)
    expect(answered).toBeLessThan(HTTP_SECONDS * 1000)
  })
})

describe('what a door throws', () => {
  it('becomes 503 where the far side could not be asked and somebody waits', async () => {
    expect(await lambda(slackInteraction, throwing(new Unavailable('no ledger')))({}, context())).toEqual(TRY_AGAIN)
  })

  it.each([
    [slackInteraction, new TypeError('a bug')],
    [datasetUploaded, new Unavailable('no ledger')],
  ] as const)('else goes to Lambda, which tries again: $0.name', async (door, error) => {
    await expect(lambda(door, throwing(error))({}, context())).rejects.toBe(error)
    expect(lines()).toContainEqual(expect.objectContaining({ problem: String(error) }))
  })

  it('asks MLflow to send again when the bus takes nothing', async () => {
    const body = samplesOf('model-promoted').find(({ name }) => name.startsWith('alias-set'))?.request?.body ?? ''
    const ports = {
      secrets: { get: async () => 'planted-hook' },
      clock: { now: () => 0 },
      bus: { publish: throwing(new Unavailable('no bus')) },
      ledger: {},
    } as unknown as Parameters<typeof registryWebhook.handler>[0]
    const headers = signMlflow({ secret: 'planted-hook', body: Buffer.from(body), now: 0, deliveryId: 'd' })
    const event = { version: '2.0' as const, rawPath: '/', headers, body, isBase64Encoded: false }
    expect(await lambda(registryWebhook, registryWebhook.handler(ports))(event, context())).toEqual(TRY_AGAIN)
    expect(said).not.toContain('planted-hook')
    expect(said).not.toContain(headers['x-mlflow-signature'])
  })
})

describe('a refusal', () => {
  it.each([
    ['of a bus door', datasetUploaded, { kind: 'refused', reason: 'bad-field', lane: null, detail: 'planted' }],
    ['of an http door', slackInteraction, { statusCode: 401, headers: {}, body: '{"refused":"bad-field"}' }],
  ] as const)('%s is counted under its reason, and said', async (_, door, answer) => {
    expect(await lambda(door, async () => answer)({}, context())).toBe(answer)
    expect(lines()).toContainEqual(expect.objectContaining({ reason: 'bad-field', Refused: 1 }))
    expect(lines()).toContainEqual(
      expect.objectContaining({ level: 'WARN', message: `${door.name} refused an input`, reason: 'bad-field' }),
    )
  })
})

it('numbers are an installation’s own: the alarms of another in the account hear nothing', async () => {
  vi.stubEnv(VARIABLES.installation, 'research')
  // As another process reads it: a module is read once under each address.
  const file = new URL('../../../functions/aws-binding/lambda.ts?research', import.meta.url).href
  const { lambda: research, metrics } = (await import(
    file
  )) as typeof import('../../../functions/aws-binding/lambda.ts')
  metrics.addMetric('Bugs', 'Count', 1)
  await research(datasetUploaded, async () => ({ kind: 'refused', reason: 'bad-field' }))({}, context())
  for (const [number, dimensions] of [
    ['Bugs', ['service']],
    ['Refused', ['service', 'reason']],
  ] as const) {
    const told = lines().find((line) => number in line) as { _aws: { CloudWatchMetrics: object[] } } | undefined
    expect(told).toMatchObject({ service: 'research' })
    expect(told?._aws.CloudWatchMetrics).toEqual([expect.objectContaining({ Dimensions: [dimensions] })])
  }
  vi.unstubAllEnvs()
})

it('says nothing of what came in, done or not, and nothing at all when all is well', async () => {
  const event = { headers: { authorization: 'planted' }, body: 'planted' }
  await lambda(slackInteraction, async () => ({ statusCode: 200, body: '{}' }))(event, context())
  await lambda(slackInteraction, throwing(new Error('a bug')))(event, context()).catch(() => null)
  expect(said).toContain('a bug')
  expect(lines().map(({ level }) => level)).toEqual(['ERROR'])
  expect(said).not.toContain('planted')
})
