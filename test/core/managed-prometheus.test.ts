import { expect, it } from 'vitest'
import { workspaceAt } from '../../core/managed-prometheus.ts'

it.each([
  ['https://aps-workspaces.eu-central-1.amazonaws.com/workspaces/ws-12-ab', { region: 'eu-central-1', id: 'ws-12-ab' }],
  ['https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-1/api/v1/query', { region: 'us-east-1', id: 'ws-1' }],
  // Credentials of AWS are for AWS alone.
  ['http://aps-workspaces.eu-central-1.amazonaws.com/workspaces/ws-1', null],
  ['https://aps-workspaces.eu-central-1.amazonaws.com.example.org/workspaces/ws-1', null],
  ['https://example.org/aps-workspaces.eu-central-1.amazonaws.com/workspaces/ws-1', null],
  ['https://aps-workspaces.eu-central-1.amazonaws.com/', null],
  ['http://prometheus.monitoring:9090', null],
  ['no address', null],
])('the workspace at %s', (url, workspace) => {
  expect(workspaceAt(url)).toEqual(workspace)
})
