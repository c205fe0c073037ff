import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { registryEvents } from '../../../events/registry-webhook.ts'
import { signMlflow, verifyMlflow } from '../../../functions/signatures.ts'
import { virtualClock } from '../../../local/clock.ts'
import type { RawRequest } from '../../../local/house-type.ts'
import { openRegistry } from '../../../local/registry/stand-in-registry.ts'
import { registryContract } from '../../ports/registry.contract.ts'

const open = () => {
  const sent: RawRequest[] = []
  const registry = openRegistry({
    database: new DatabaseSync(':memory:'),
    clock: virtualClock(1_795_459_939_000),
    sign: signMlflow,
    secret: async () => 'test-secret',
    deliver: async (request) => {
      sent.push(request)
      return { status: 202, body: {} }
    },
  })
  return { registry, sent }
}

registryContract('the stand-in', async () => {
  const { registry } = open()
  return {
    registry,
    call: async (method, path, input) => {
      const { status, body } = await registry.rest(method, path, input)
      if (status !== 200) throw new Error(JSON.stringify(body))
    },
    close: async () => undefined,
  }
})

describe('as MLflow does', () => {
  it('sends a signed webhook for every version made and alias set, also when nothing changed, and for a deletion', async () => {
    const { registry, sent } = open()
    await registry.register({ model: 'demo-llm', source: 's3://bucket/m', runId: null, tags: {} })
    await registry.setAlias('demo-llm', 'champion', '1')
    await registry.setAlias('demo-llm', 'champion', '1')
    await registry.deleteAlias('demo-llm', 'champion')
    expect(sent).toHaveLength(4)
    const [made] = sent.splice(0, 1)
    expect(Buffer.from(made?.body ?? []).toString()).toMatch(
      /^\{"entity": "model_version", "action": "created", "timestamp": ".*\+00:00", "data": \{"name": "demo-llm", "version": "1", "source": "s3:\/\/bucket\/m", "run_id": null, "tags": \{\}, "description": null\}\}$/,
    )
    for (const { headers, body } of sent) {
      expect(verifyMlflow({ secret: 'test-secret', headers, body, now: 1_795_459_939_000 })).toMatchObject({ ok: true })
      expect(registryEvents('d', JSON.parse(Buffer.from(body).toString()))).toMatchObject({ ok: true })
    }
    expect(Buffer.from(sent[0]?.body ?? []).toString()).toMatch(
      /^\{"entity": "model_version_alias", "action": "created", "timestamp": ".*\+00:00", "data": \{"name": "demo-llm", "alias": "champion", "version": "1"\}\}$/,
    )
  })

  it.each([
    [
      'GET',
      'registered-models/alias',
      { name: 'client-llm', alias: 'nope' },
      400,
      { error_code: 'INVALID_PARAMETER_VALUE', message: 'Registered model alias nope not found.' },
    ],
    [
      'GET',
      'registered-models/alias',
      { name: 'nope', alias: 'champion' },
      404,
      { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'Registered Model with name=nope not found' },
    ],
    ['GET', 'registered-models/get', { name: 'nope' }, 404, { error_code: 'RESOURCE_DOES_NOT_EXIST' }],
    [
      'GET',
      'model-versions/get',
      { name: 'client-llm', version: '99' },
      404,
      { message: 'Model Version (name=client-llm, version=99) not found' },
    ],
    [
      'POST',
      'registered-models/alias',
      { name: 'client-llm', alias: 'latest', version: '1' },
      400,
      { error_code: 'INVALID_PARAMETER_VALUE' },
    ],
    [
      'POST',
      'registered-models/alias',
      { name: 'client-llm', alias: 'champion', version: 1 },
      400,
      { error_code: 'INVALID_PARAMETER_VALUE' },
    ],
    [
      'POST',
      'registered-models/create',
      { name: 'a/b' },
      400,
      {
        error_code: 'INVALID_PARAMETER_VALUE',
        message: "Invalid model name 'a/b'. Names cannot contain '/' or ':'.",
      },
    ],
    [
      'POST',
      'model-versions/create',
      { name: 'client-llm', source: 'models:/m-107731ba8d984555a5df45ae6778098b' },
      400,
      { message: expect.stringContaining('The model_id request parameter must identify') },
    ],
    [
      'POST',
      'model-versions/create',
      { name: 'client-llm', source: 'mlflow-artifacts:/0/x' },
      400,
      { message: expect.stringContaining('The run_id request parameter must identify') },
    ],
    ['GET', 'model-versions/search', { filter: "name='nobody'" }, 200, {}],
    [
      'GET',
      'registered-models/alias',
      { name: 'client-llm', alias: 'champion' },
      200,
      { model_version: { version: '1', run_id: '', aliases: ['champion'], current_stage: 'None' } },
    ],
  ])('answers %s %s %j with %d', async (method, path, input, status, body) => {
    const { registry } = open()
    await registry.register({ model: 'client-llm', source: 's3://bucket/m', runId: null, tags: {} })
    await registry.setAlias('client-llm', 'champion', '1')
    expect(await registry.rest(method, path, input)).toMatchObject({ status, body })
  })
})
