import { expect, it } from 'vitest'
import { bearer } from '../../../effects/registry/mlflow-rest.ts'

it.each([
  ['a-token', { authorization: 'Bearer a-token' }],
  ['basic signalbox:s3cr:et', { authorization: `Basic ${Buffer.from('signalbox:s3cr:et').toString('base64')}` }],
  ['basically-a-token', { authorization: 'Bearer basically-a-token' }],
  ['none', {}],
])('a secret %j authenticates as MLflow takes it', async (secret, headers) => {
  expect(await bearer(async () => secret)()).toEqual(headers)
})
