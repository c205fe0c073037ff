import type { LambdaClient } from '@aws-sdk/client-lambda'
import { expect, it } from 'vitest'
import { openLambdaWorkflow } from '../../../effects/workflow/lambda-workflow.ts'
import { Unavailable } from '../../../flows/ports.ts'

const ARN = 'arn:aws:lambda:eu-central-1:111122223333:function:carry-out:live'
const run = { lane: 'serve/m', generation: 2, attempt: 1 }

const against = (answer: (input: Record<string, unknown>) => unknown, functionArn = ARN) => {
  const sent: Record<string, unknown>[] = []
  const client = {
    send: async ({ input }: { input: Record<string, unknown> }) => {
      sent.push(input)
      const said = answer(input)
      if (said instanceof Error) throw said
      return said
    },
  } as unknown as LambdaClient
  return { workflow: openLambdaWorkflow({ client, functionArn }), sent }
}
const named = (name: string) => Object.assign(new Error(name), { name })

it('starts asynchronously, under the name, through the alias', async () => {
  const { workflow, sent } = against(() => ({ StatusCode: 202 }))
  await workflow.start('serve-m-g2a1', run)
  expect(sent[0]).toMatchObject({ FunctionName: ARN, InvocationType: 'Event', DurableExecutionName: 'serve-m-g2a1' })
  expect(JSON.parse(Buffer.from(sent[0]?.['Payload'] as Uint8Array).toString())).toEqual(run)
})

it('a name with another payload is a bug; an outage is an outage', async () => {
  await expect(
    against(() => named('DurableExecutionAlreadyStartedException')).workflow.start('n', run),
  ).rejects.toThrow(RangeError)
  await expect(against(() => named('TooManyRequestsException')).workflow.start('n', run)).rejects.toBeInstanceOf(
    Unavailable,
  )
})

it('a bell that is closed says so', async () => {
  expect(await against(() => ({})).workflow.ring('b')).toBe('rung')
  expect(await against(() => named('CallbackTimeoutException')).workflow.ring('b')).toBe('closed')
  await expect(against(() => named('ServiceException')).workflow.ring('b')).rejects.toBeInstanceOf(Unavailable)
})

it('knows an execution by its whole name, and how it is', async () => {
  const list = (Status: string) => ({ DurableExecutions: [{ DurableExecutionName: 'n', Status }] })
  expect(await against(() => list('RUNNING')).workflow.describe('n')).toBe('running')
  expect(await against(() => list('STOPPED')).workflow.describe('n')).toBe('closed')
  expect(await against(() => list('RUNNING')).workflow.describe('n-2')).toBe('unknown')
  const { workflow, sent } = against(() => ({}))
  expect(await workflow.describe('n')).toBe('unknown')
  // Of every version: a name beside a qualifier is refused.
  expect(sent).toEqual([{ FunctionName: ARN.slice(0, -5), DurableExecutionName: 'n', MaxItems: 100 }])
})

it.each([ARN.slice(0, -5), 'carry-out', 'carry-out:', ':live', 'function:carry-out:live', `${ARN}:1`])(
  'refuses %s, which names no function and alias: a durable function cannot be started so',
  (functionArn) =>
    expect(() => openLambdaWorkflow({ client: {} as LambdaClient, functionArn })).toThrow('must name an alias'),
)

it('takes a function of the client’s own account by name and alias', async () => {
  const { workflow, sent } = against(() => ({}), 'signalbox-carry-out:live')
  await workflow.start('n', run)
  await workflow.describe('n')
  const listed = { FunctionName: 'signalbox-carry-out', DurableExecutionName: 'n' }
  expect(sent).toMatchObject([{ FunctionName: 'signalbox-carry-out:live' }, listed])
})
