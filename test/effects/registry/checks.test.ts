import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { mlflowVersion, webhookAnswer } from '../../../effects/registry/checks.ts'
import { bearer } from '../../../effects/registry/mlflow-rest.ts'

it('a server that asks for a token is asked with it; without it the finding says so, and blames nothing else', async () => {
  const server = createServer(({ headers, url }, response) => {
    response.statusCode = headers.authorization === 'Bearer right' ? 200 : 401
    response.end(response.statusCode === 401 ? 'who?' : url === '/version' ? '3.17.2' : '{"webhooks": []}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const webhook = 'https://api/webhooks/mlflow'
  const fix = /answers 401: put its token into the secret mlflow-token/
  for (const token of ['none', 'wrong']) {
    await expect(
      mlflowVersion(
        url,
        bearer(async () => token),
      ),
    ).rejects.toThrow(fix)
    await expect(webhookAnswer({ url, webhook, headers: bearer(async () => token) })).rejects.toThrow(fix)
  }
  const headers = bearer(async () => 'right')
  expect(await mlflowVersion(url, headers)).toBe('3.17.2')
  await expect(webhookAnswer({ url, webhook, headers })).rejects.toThrow('no webhook goes to')
  server.closeAllConnections()
  server.close()
})

it('names the workspace that it asked, and what to do where that is none', async () => {
  const has = (workspace: unknown) => workspace === 'team-a'
  const versions = ['3.17.2']
  const server = createServer(({ headers, url }, response) => {
    const workspace = headers['x-mlflow-workspace']
    response.statusCode = has(workspace) ? 200 : 404
    const none = { error_code: 'RESOURCE_DOES_NOT_EXIST', message: `Workspace '${workspace}' not found` }
    response.end(!has(workspace) ? JSON.stringify(none) : url === '/version' ? versions[0] : '{"webhooks": []}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const webhook = 'https://api/webhooks/mlflow'
  expect(await mlflowVersion(url, undefined, 'team-a')).toBe('3.17.2, in its workspace team-a')
  await expect(webhookAnswer({ url, webhook, workspace: 'team-a' })).rejects.toThrow(
    'no webhook of the workspace team-a goes to https://api/webhooks/mlflow',
  )
  for (const asked of [mlflowVersion(url, undefined, 'team-b'), webhookAnswer({ url, webhook, workspace: 'team-b' })])
    await expect(asked).rejects.toThrow('MLflow has no workspace team-b: make it there, or name another one')
  versions[0] = '3.9.0'
  await expect(mlflowVersion(url, undefined, 'team-a')).rejects.toThrow(
    'MLflow 3.9.0 has no workspaces: upgrade to 3.10',
  )
  server.closeAllConnections()
  server.close()
})

it('where the policy names budgets of the gateway, or versions that begin something, asks for their events too', async () => {
  const webhook = 'https://api/webhooks/mlflow'
  const alias = ['CREATED', 'DELETED'].map((action) => ({ entity: 'MODEL_VERSION_ALIAS', action }))
  const events = [...alias]
  const server = createServer((_, response) =>
    response.end(JSON.stringify({ webhooks: [{ url: webhook, status: 'ACTIVE', events }] })),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  expect(await webhookAnswer({ url, webhook })).toContain('sends 2 kinds of events')
  const asked = () => webhookAnswer({ url, webhook, besides: ['budgets'] })
  await expect(asked()).rejects.toThrow('does not send BUDGET_POLICY EXCEEDED')
  events.push({ entity: 'BUDGET_POLICY', action: 'EXCEEDED' })
  expect(await asked()).toContain('sends 3 kinds of events')
  await expect(webhookAnswer({ url, webhook, besides: ['versions', 'tags'] })).rejects.toThrow(
    'does not send MODEL_VERSION CREATED, MODEL_VERSION_TAG SET',
  )
  server.closeAllConnections()
  server.close()
})
