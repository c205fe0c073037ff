import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { openDynamoLedger } from '../../effects/ledger/dynamo-ledger.ts'
import { type ManagedSecrets, openSecretsManager } from '../../effects/secrets/secrets-manager.ts'
import type { Ledger } from '../../flows/ledger-port.ts'
import type { Clock } from '../../flows/ports.ts'
import { PATIENT, type Patience } from './patience.ts'
import type { Settings } from './settings.ts'

export const clock: Clock = { now: () => Date.now() }

export const ledgerOf = ({ table }: Settings, patience: Patience = PATIENT): Ledger =>
  openDynamoLedger({ client: new DynamoDBClient(patience), table, clock })

export const secretsOf = ({ secrets }: Settings, patience: Patience = PATIENT): ManagedSecrets =>
  openSecretsManager({ client: new SecretsManagerClient(patience), prefix: secrets, clock })
