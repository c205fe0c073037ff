import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { mlflowVersion, webhookAnswer } from '../../../effects/registry/checks.ts'
import { openMlflow } from '../../../effects/registry/mlflow-registry.ts'
import { NotAllowed } from '../../../flows/ports.ts'
import { type Mlflow, openMlflowServer } from './mlflow.ts'

let mlflow: Mlflow
beforeAll(async () => {
  mlflow = await openMlflowServer({ MLFLOW_ENABLE_WORKSPACES: 'true' })
  for (const name of ['team-a', 'team-b']) await call(undefined, 'POST', '/api/3.0/mlflow/workspaces', { name })
}, 300_000)
afterAll(() => mlflow.close())

const call = async (workspace: string | undefined, method: string, path: string, input: object) => {
  const answer = await fetch(`${mlflow.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...(workspace ? { 'x-mlflow-workspace': workspace } : {}) },
    body: JSON.stringify(input),
  })
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
}
const promote = (workspace: string, model: string) =>
  call(workspace, 'POST', '/api/2.0/mlflow/registered-models/alias', { name: model, alias: 'champion', version: '1' })

it('is read and written in the workspace that is named, and its webhook says whose it is', async () => {
  const told: { workspace?: string; data: { name: string } }[] = []
  const door = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    told.push(JSON.parse(Buffer.concat(chunks).toString()))
    response.writeHead(202).end()
  })
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve))
  const webhook = `http://127.0.0.1:${(door.address() as AddressInfo).port}/a`
  const events = ['CREATED', 'DELETED'].map((action) => ({ entity: 'MODEL_VERSION_ALIAS', action }))
  await call('team-a', 'POST', '/api/2.0/mlflow/webhooks', { name: 'signalbox', url: webhook, secret: 's', events })

  const [a, b, none] = ['team-a', 'team-b', 'nobody'].map((workspace) =>
    openMlflow({ url: mlflow.url, workspace: async () => workspace }),
  )
  const made = await a!.register({ model: 'm', source: 's3://bucket/m/', runId: null, tags: { k: 'v' } })
  expect(made).toMatchObject({ name: 'm', version: '1' })
  await promote('team-a', 'm')
  expect([(await a!.alias('m', 'champion'))?.version, await b!.alias('m', 'champion')]).toEqual(['1', null])
  expect([(await a!.findByTag('m', 'k', 'v'))?.version, await b!.findByTag('m', 'k', 'v')]).toEqual(['1', null])
  await expect(none!.alias('m', 'champion')).rejects.toThrow(NotAllowed)
  await expect(none!.register({ model: 'm', source: 's3://b/m/', runId: null, tags: {} })).rejects.toThrow(NotAllowed)
  await expect
    .poll(() => told.map(({ workspace, data }) => [workspace, data.name]), { timeout: 10_000 })
    .toEqual([['team-a', 'm']])

  expect(await mlflowVersion(mlflow.url, undefined, 'team-a')).toMatch(/^3\.\d+\.\d+, in its workspace team-a$/)
  expect(await webhookAnswer({ url: mlflow.url, webhook, workspace: 'team-a' })).toContain('of the workspace team-a')
  await expect(webhookAnswer({ url: mlflow.url, webhook, workspace: 'team-b' })).rejects.toThrow('no webhook of')
  await expect(mlflowVersion(mlflow.url, undefined, 'nobody')).rejects.toThrow('MLflow has no workspace nobody')
  for (const registry of [a!, b!, none!]) await registry.close()
  door.close()
})

it('a server without workspaces says so, and does not count as away', async () => {
  const plain = await openMlflowServer()
  const registry = openMlflow({ url: plain.url, workspace: async () => 'team-a' })
  await expect(registry.alias('m', 'champion')).rejects.toThrow('MLflow has no workspaces: start it with')
  await registry.close()
  await plain.close()
}, 120_000)
