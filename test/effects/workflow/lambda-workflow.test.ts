import type { LambdaClient } from '@aws-sdk/client-lambda'
import { expect, it } from 'vitest'
import { openLambdaWorkflow } from '../../../effects/workflow/lambda-workflow.ts'
import { Unavailable } from '../../../flows/ports.ts'

const ARN = 'arn:aws:lambda:eu-central-1:111122223333:function:carry-out:live'
const run = { lane: 'serve/m', generation: 2, attempt: 1 }

const against = (answer: (input: Record<string, unknown>) => unknown) => {
  const sent: Record<string, unknown>[] = []
  const client = {
    send: async ({ input }: { input: Record<string, unknown> }) => {
      sent.push(input)
      const said = answer(input)
      if (said instanceof Error) throw said
      return said
    },
  } as unknown as LambdaClient
  return { workflow: openLambdaWorkflow({ client, functionArn: ARN }), sent }
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
  const versions = { Versions: [{ Version: '$LATEST' }, { Version: '1' }, { Version: '2' }] }
  const { workflow, sent } = against(({ DurableExecutionName }) => (DurableExecutionName === undefined ? versions : {}))
  expect(await workflow.describe('n')).toBe('unknown')
  const of = { FunctionName: ARN.slice(0, -5) }
  const asked = { ...of, DurableExecutionName: 'n' }
  const qualified = ['live', '2', '1'].map((Qualifier) => ({ ...asked, Qualifier }))
  expect(sent).toMatchObject([asked, qualified[0], of, qualified[1], qualified[2]])
})

it('refuses a function without an alias: a durable function cannot be started so', () => {
  expect(() => openLambdaWorkflow({ client: {} as LambdaClient, functionArn: ARN.slice(0, -5) })).toThrow('alias')
})
