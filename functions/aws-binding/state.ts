import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { openDynamoLedger } from '../../effects/ledger/dynamo-ledger.ts'
import { type ManagedSecrets, openSecretsManager } from '../../effects/secrets/secrets-manager.ts'
import type { Clock, Ledger } from '../../flows/ports.ts'
import type { Settings } from './settings.ts'

/** Of one call to AWS: a door that people wait for must not wait for a dead connection. Milliseconds. */
export const CALL = { connectionTimeout: 1000, requestTimeout: 5000 }

export const clock: Clock = { now: () => Date.now() }

export const ledgerOf = ({ table }: Settings): Ledger =>
  openDynamoLedger({ client: new DynamoDBClient({ requestHandler: CALL }), table, clock })

export const secretsOf = ({ secrets }: Settings): ManagedSecrets =>
  openSecretsManager({ client: new SecretsManagerClient({ requestHandler: CALL }), prefix: secrets, clock })
