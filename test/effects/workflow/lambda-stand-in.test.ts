import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { RunKey } from '../../../core/names.ts'
import { durableHandler } from '../../../effects/workflow/durable-context.ts'
import { openLambdaWorkflow } from '../../../effects/workflow/lambda-workflow.ts'
import { Unavailable, type WorkflowContext } from '../../../flows/ports.ts'
import { virtualClock } from '../../../local/clock.ts'
import { workflowContract } from '../../ports/workflow.contract.ts'
import { openLambdaStandIn, type Trouble } from './lambda-stand-in.ts'

const key: RunKey = { lane: 'l', generation: 1, attempt: 1 }
let troubles: Trouble[] = []
let lambda: Awaited<ReturnType<typeof openLambdaStandIn>>
beforeAll(async () => {
  lambda = await openLambdaStandIn(() => troubles.shift() ?? null)
  // The durable SDK's own client of Lambda finds it so, as it finds Lambda in AWS.
  for (const [name, value] of Object.entries(lambda.environment)) vi.stubEnv(name, value)
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await lambda.close()
})

let functions = 0
/** A function of its own in virtual time, and our effect as its client. */
const serve = (run: (context: WorkflowContext, key: RunKey) => Promise<unknown>, clientOptions: object = {}) => {
  const clock = virtualClock(0)
  const errors: unknown[] = []
  const served = lambda.serve({
    name: `carry-out-${++functions}`,
    alias: 'live',
    clock,
    handler: durableHandler(run),
    onError: (_, error) => void errors.push(error),
  })
  const client = new LambdaClient({ ...lambda.at, ...clientOptions })
  const pass = async (seconds: number): Promise<void> => {
    const end = clock.now() + seconds * 1000
    let next = await served.advance(clock.now())
    for (; next !== null && next <= end; next = await served.advance(clock.now())) clock.set(next)
    clock.set(end)
    await served.advance(end)
  }
  return { served, client, errors, pass, workflow: openLambdaWorkflow({ client, functionArn: served.arn }) }
}

workflowContract('durable Lambda, over a stand-in of its API,', async (run) => {
  const { served, client, pass, workflow } = serve(run)
  return {
    workflow,
    pass,
    restart: async () => served.revive(),
    close: async () => {
      served.die()
      client.destroy()
    },
  }
})

describe('over Lambda’s API', () => {
  it('another payload under a known name is an error', async () => {
    const { workflow } = serve(async () => null)
    await workflow.start('e', key)
    await expect(workflow.start('e', { ...key, attempt: 2 })).rejects.toThrow(RangeError)
  })

  it('nothing starts without an alias, or through one that is not there', async () => {
    const { served, client } = serve(async () => null)
    const start = (FunctionName: string) =>
      client.send(
        new InvokeCommand({ FunctionName, InvocationType: 'Event', DurableExecutionName: 'e', Payload: '{}' }),
      )
    const bare = served.arn.slice(0, -':live'.length)
    await expect(start(bare)).rejects.toMatchObject({ name: 'InvalidParameterValueException' })
    await expect(start(`${bare}:gone`)).rejects.toMatchObject({ name: 'ResourceNotFoundException' })
    await expect(openLambdaWorkflow({ client, functionArn: `${bare}:gone` }).start('e', key)).rejects.toBeInstanceOf(
      Unavailable,
    )
    expect(await start(served.arn)).toMatchObject({
      StatusCode: 202,
      DurableExecutionArn: expect.stringMatching(/\/e\//),
    })
  })

  it('an execution that an earlier version carries is still known', async () => {
    const { workflow, served, pass } = serve((context) => context.sleep('nap', 60, async () => true))
    await workflow.start('e', key)
    await pass(1)
    served.publish()
    served.publish()
    expect(await workflow.describe('e')).toBe('running')
    await pass(60)
    expect(await workflow.describe('e')).toBe('closed')
    expect(await workflow.describe('never')).toBe('unknown')
  })

  it('an execution is told from all whose names go on after its own, however many', async () => {
    const { workflow, pass } = serve((context, { attempt }) =>
      context.sleep('nap', attempt === 1 ? 3600 : 1, async () => true),
    )
    for (let attempt = 10; attempt < 130; attempt++) await workflow.start(`e-a${attempt}`, { ...key, attempt })
    expect(await workflow.describe('e-a1')).toBe('unknown')
    await workflow.start('e-a1', key)
    await pass(2)
    expect([await workflow.describe('e-a1'), await workflow.describe('e-a10')]).toEqual(['running', 'closed'])
  })

  it('an invocation that remembers more than an event holds asks for the rest', async () => {
    let did = 0
    const { workflow, pass } = serve(async (context) => {
      for (let n = 0; n < 30; n++) await context.step(`step ${n}`, async () => ++did)
      await context.sleep('nap', 60, async () => true)
    })
    const asked = lambda.counts['GetState'] ?? 0
    await workflow.start('e', key)
    await pass(61)
    expect([did, await workflow.describe('e')]).toEqual([30, 'closed'])
    expect(lambda.counts['GetState']).toBe(asked + 4)
  })

  it('a checkpoint whose answer is lost, or that is throttled, is written once, by the same invocation', async () => {
    let did = 0
    const { workflow, pass, errors } = serve((context) => context.step('once', async () => ++did))
    await workflow.start('e', key)
    troubles = ['lost', 'throttled', null, 'lost']
    await pass(5)
    expect([did, troubles, errors, await workflow.describe('e')]).toEqual([1, [], [], 'closed'])
  })

  it('a process that dies amid a step writes nothing any more; the next one does it again', async () => {
    // The SDK says that it could not write.
    vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    const seen: string[] = []
    const { workflow, served, pass } = serve((context) =>
      context.step('work', async () => {
        if (seen.push('did') === 3) return
        served.die()
        if (seen.length === 2) served.revive()
      }),
    )
    await workflow.start('e', key)
    await pass(1)
    expect([await workflow.describe('e'), seen.length]).toEqual(['running', 1])
    served.revive()
    await pass(1)
    expect([await workflow.describe('e'), seen.length]).toEqual(['closed', 3])
  })

  it('what Lambda throttles or does not answer is unavailable', async () => {
    const { workflow } = serve(async () => null, { maxAttempts: 1 })
    for (const trouble of ['throttled', 'lost'] as const)
      for (const call of [() => workflow.start('e', key), () => workflow.ring('b'), () => workflow.describe('e')]) {
        troubles = [trouble]
        await expect(call()).rejects.toBeInstanceOf(Unavailable)
      }
    expect(await workflow.ring('b')).toBe('closed')
  })
})
