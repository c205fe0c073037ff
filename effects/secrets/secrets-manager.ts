import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { type Clock, type Secrets, Unavailable } from '../../flows/ports.ts'
import { asking } from '../aws/errors.ts'

/** What the effects need besides what the doors check with. */
export type SecretName = Parameters<Secrets['get']>[0] | 'slack-bot-token' | 'mlflow-token' | 'prometheus-token'

export interface ManagedSecrets extends Secrets {
  get(name: SecretName): Promise<string>
}

/** How long a value is used before it is asked for again: a rotation takes force within it, without a deploy. Milliseconds. */
const FRESH = 60_000

/** Secrets under `<prefix>/<name>` in Secrets Manager. While it cannot be asked, a value that is known goes on. */
export const openSecretsManager = ({
  client,
  prefix,
  clock,
}: {
  client: Pick<SecretsManagerClient, 'send'>
  prefix: string
  clock: Clock
}): ManagedSecrets => {
  const known = new Map<SecretName, { value: string; until: number }>()
  const ask = async (name: SecretName): Promise<string> => {
    const get = new GetSecretValueCommand({ SecretId: `${prefix}/${name}` })
    const { SecretString } = await asking(`the secret ${prefix}/${name}`, () =>
      (client as SecretsManagerClient).send(get),
    )
    // An empty key would make every forged signature right.
    if (SecretString === undefined || SecretString.trim() === '')
      throw new Unavailable(`the secret ${prefix}/${name} is empty: put its value in Secrets Manager`)
    return SecretString.trim()
  }
  return {
    get: async (name) => {
      const found = known.get(name)
      if (found !== undefined && found.until > clock.now()) return found.value
      try {
        const value = await ask(name)
        known.set(name, { value, until: clock.now() + FRESH })
        return value
      } catch (error) {
        if (found === undefined) throw error
        return found.value
      }
    },
  }
}
