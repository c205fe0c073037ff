import type { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { expect, it } from 'vitest'
import { openSecretsManager } from '../../../effects/secrets/secrets-manager.ts'
import { NotAllowed } from '../../../flows/ports.ts'

const open = () => {
  const state = { value: 'one' as string | Error, now: 0, asked: [] as (string | undefined)[] }
  const client = {
    send: async ({ input }: GetSecretValueCommand) => {
      state.asked.push(input.SecretId)
      if (state.value instanceof Error) throw state.value
      return { SecretString: state.value }
    },
  } as unknown as SecretsManagerClient
  return { state, secrets: openSecretsManager({ client, prefix: 'signalbox', clock: { now: () => state.now } }) }
}

it('asks once a minute, so that a rotation takes force without a deploy', async () => {
  const { state, secrets } = open()
  expect(await secrets.get('slack-signing')).toBe('one')
  state.value = 'two\n'
  expect(await secrets.get('slack-signing')).toBe('one')
  state.now = 60_000
  expect(await secrets.get('slack-signing')).toBe('two')
  expect(state.asked).toEqual(['signalbox/slack-signing', 'signalbox/slack-signing'])
})

it('goes on with what it knows while nobody answers, and says so when it knows nothing', async () => {
  const { state, secrets } = open()
  await secrets.get('slack-signing')
  state.value = Object.assign(new Error('slow'), { name: 'InternalServiceError' })
  state.now = 120_000
  expect(await secrets.get('slack-signing')).toBe('one')
  await expect(secrets.get('mlflow-webhook')).rejects.toThrow(
    'the secret signalbox/mlflow-webhook: InternalServiceError',
  )
})

it('never takes an empty value: with it every forged signature would be right', async () => {
  const { state, secrets } = open()
  state.value = ' '
  await expect(secrets.get('slack-signing')).rejects.toThrow('is empty')
})

it('a role that may not read it is not allowed now', async () => {
  const { state, secrets } = open()
  state.value = Object.assign(new Error('not authorized to perform: secretsmanager:GetSecretValue'), {
    name: 'AccessDeniedException',
  })
  await expect(secrets.get('slack-signing')).rejects.toBeInstanceOf(NotAllowed)
  await expect(secrets.get('slack-signing')).rejects.toThrow('secretsmanager:GetSecretValue')
})
