import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, describe, expect, it } from 'vitest'
import { openMlflow } from '../../../effects/registry/mlflow-registry.ts'
import { NotAllowed, Refused, Unavailable } from '../../../flows/ports.ts'
import { signMlflow } from '../../../functions/signatures.ts'
import { virtualClock } from '../../../local/clock.ts'
import { openRegistry } from '../../../local/registry/stand-in-registry.ts'
import { registryContract } from '../../ports/registry.contract.ts'

const PREFIX = '/api/2.0/mlflow/'

const listen = async (answer: RequestListener): Promise<{ url: string; close(): Promise<void> }> => {
  const server: Server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

registryContract('MLflow’s REST API, spoken with the stand-in', async () => {
  const standIn = openRegistry({
    database: new DatabaseSync(':memory:'),
    clock: virtualClock(1_795_459_939_000),
    sign: signMlflow,
    secret: async () => 'test-secret',
    deliver: async () => ({ status: 202, body: {} }),
  })
  const server = await listen(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const url = new URL(request.url ?? '/', 'http://stand-in')
    const input =
      request.method === 'GET' ? Object.fromEntries(url.searchParams) : JSON.parse(Buffer.concat(chunks).toString())
    const { status, body } = await standIn.rest(request.method ?? 'GET', url.pathname.slice(PREFIX.length), input)
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  const registry = openMlflow({ url: server.url })
  return {
    registry,
    call: async (method, path, input) => {
      const { status, body } = await standIn.rest(method, path, input)
      if (status !== 200) throw new Error(JSON.stringify(body))
    },
    close: async () => {
      await registry.close()
      await server.close()
    },
  }
})

const input = { model: 'm', source: 's3://bucket/m', runId: null, tags: {} }

describe('when MLflow does not answer as it should', () => {
  it('a redirect is not followed with the credential: it says what to name', async () => {
    const asked: (string | undefined)[] = []
    const elsewhere = await listen((request, response) => {
      asked.push(request.headers.authorization)
      response.end('{}')
    })
    const server = await listen((_, response) =>
      response.writeHead(302, { location: `${elsewhere.url}/login?x=1` }).end(),
    )
    const registry = openMlflow({ url: server.url, headers: async () => ({ authorization: 'Bearer t' }) })
    const alias = registry.alias('m', 'champion')
    await expect(alias).rejects.toThrow(NotAllowed)
    await expect(alias).rejects.toThrow(
      `${server.url} redirects to ${elsewhere.url}: name the address of MLflow itself`,
    )
    expect(asked).toEqual([])
    await registry.close()
    await server.close()
    await elsewhere.close()
  })

  let close: () => Promise<void> = async () => undefined
  afterEach(() => close())
  /** A server that answers these in turn, then 200 and an empty search. */
  const against = async (...answers: [number, unknown][]) => {
    const seen: string[] = []
    const server = await listen((request, response) => {
      seen.push(`${request.method} ${request.url?.split('?')[0]?.slice(PREFIX.length)}`)
      const [status, body] = answers.shift() ?? [200, {}]
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
    const registry = openMlflow({ url: server.url, tries: 3, pause: async () => undefined })
    close = async () => {
      await registry.close()
      await server.close()
    }
    return { registry, seen }
  }

  it('asks again after 429 and 5xx, and gives up as unavailable', async () => {
    const { registry, seen } = await against([503, {}], [429, {}])
    expect(await registry.findByTag('m', 'k', 'v')).toBeNull()
    expect(seen).toHaveLength(3)
    const down = await against([500, {}], [500, {}], [500, {}])
    await expect(down.registry.findByTag('m', 'k', 'v')).rejects.toThrow(
      new Unavailable('MLflow model-versions/search: it answers 500'),
    )
  })

  it('never repeats the making of a version: its lost answer may have been a yes', async () => {
    const { registry, seen } = await against(
      [400, { error_code: 'RESOURCE_ALREADY_EXISTS', message: 'there' }],
      [500, {}],
    )
    const registering = registry.register(input)
    await expect(registering).rejects.toBeInstanceOf(Unavailable)
    expect(seen).toEqual(['POST registered-models/create', 'POST model-versions/create'])
  })

  it('each request names the workspace that the policy says now, and none where it says none', async () => {
    const seen: unknown[] = []
    const server = await listen(({ headers }, response) => {
      seen.push(headers['x-mlflow-workspace'])
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"model_version": {}}')
    })
    close = server.close
    const said: (string | undefined)[] = ['team-a', 'team-a', 'team-a', 'team-b', undefined]
    const registry = openMlflow({ url: server.url, workspace: async () => said.shift() })
    await registry.register(input)
    await registry.findByTag('m', 'k', 'v')
    await registry.findByTag('m', 'k', 'v')
    expect(seen.splice(0)).toEqual(['team-a', 'team-a', 'team-a', 'team-b', undefined])
    // What a plan names wins over it, none too.
    said.push('team-b', 'team-b')
    await registry.register({ ...input, workspace: 'team-a' })
    await registry.findByTag('m', 'k', 'v', null)
    expect([seen, said]).toEqual([
      ['team-a', 'team-a', 'team-a', undefined],
      ['team-b', 'team-b'],
    ])
    await registry.close()
  })

  it.each([
    [404, 'RESOURCE_DOES_NOT_EXIST', "Workspace 'team-a' not found", 'MLflow has no workspace team-a: make it there'],
    [500, 'FEATURE_DISABLED', 'Workspace APIs are not available', 'MLflow has no workspaces: start it with'],
  ])(
    'a workspace that is not there is not allowed now, never "there is no such model", and fails nothing for good (%i)',
    async (status, error_code, message, say) => {
      const seen: unknown[] = []
      const server = await listen((request, response) => {
        seen.push(request.url)
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ error_code, message }))
      })
      close = server.close
      const registry = openMlflow({ url: server.url, workspace: async () => 'team-a' })
      const asked = [registry.alias('m', 'a'), registry.inStage('m', 'Production'), registry.findByTag('m', 'k', 'v')]
      for (const one of [...asked, registry.register(input)]) {
        await expect(one).rejects.toBeInstanceOf(NotAllowed)
        await expect(one).rejects.toThrow(say)
      }
      expect(seen).toHaveLength(4)
      await registry.close()
    },
  )

  it('a refused token is not allowed now, never "there is no such alias"', async () => {
    const forbidden = await against([403, { error_code: 'PERMISSION_DENIED', message: 'no READ on m' }])
    const failed = forbidden.registry.alias('m', 'champion')
    await expect(failed).rejects.toBeInstanceOf(NotAllowed)
    await expect(failed).rejects.toThrow('MLflow registered-models/alias answers 403: no READ on m')
    await close()
    const unknown = await against([401, 'who are you'])
    const registering = unknown.registry.register(input)
    await expect(registering).rejects.toBeInstanceOf(NotAllowed)
    await expect(registering).rejects.toThrow('answers 401: who are you (put its token into the secret mlflow-token)')
  })

  it.each([
    [400, 'INVALID_PARAMETER_VALUE'],
    [404, 'RESOURCE_DOES_NOT_EXIST'],
    [422, 'INVALID_PARAMETER_VALUE'],
  ])(
    'what MLflow refuses to register with %i %s is refused in its words, and nothing more is tried',
    async (status, code) => {
      const { registry, seen } = await against([200, {}], [status, { error_code: code, message: 'No such run.' }])
      await expect(registry.register(input)).rejects.toThrow(
        new Refused(`MLflow refuses model-versions/create: ${code}: No such run.`),
      )
      expect(seen).toHaveLength(2)
    },
  )

  it('another 400 of a read than "not found" is refused in its words', async () => {
    const { registry } = await against([400, { error_code: 'INVALID_PARAMETER_VALUE', message: 'Invalid name' }])
    await expect(registry.alias('m', 'champion')).rejects.toThrow(
      new Refused('MLflow refuses registered-models/alias: INVALID_PARAMETER_VALUE: Invalid name'),
    )
  })

  it.each([
    ['a proxy that does not find it', 404, 'no such page'],
    ['a proxy that refuses', 400, '<html>'],
    ['a page to log in', 200, '<html>'],
    ['a conflict', 409, { error_code: 'RESOURCE_CONFLICT', message: 'busy' }],
    ['a version that is gone in between', 404, { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'gone' }],
  ] as [string, number, unknown][])('%s is looked at again', async (_, status, body) => {
    const { registry } = await against([status, body])
    const failed = await registry.findByTag('m', 'k', 'v').catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(Unavailable)
    expect(failed).not.toBeInstanceOf(NotAllowed)
  })

  it('what MLflow itself takes from nobody is our bug', async () => {
    const { registry } = await against([405, { error_code: 'BAD_REQUEST', message: 'no' }])
    await expect(registry.inStage('m', 'Production')).rejects.toMatchObject({ name: 'Error' })
  })

  it('a value with both kinds of quotes is refused before it is sent', async () => {
    const { registry, seen } = await against()
    const asked = registry.findByTag('m', 'k', `'"`)
    await expect(asked).rejects.toBeInstanceOf(Refused)
    await expect(asked).rejects.toThrow('both kinds of quotes')
    expect(seen).toEqual([])
  })
})
