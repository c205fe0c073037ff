import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { LambdaClient } from '@aws-sdk/client-lambda'
import { S3Client } from '@aws-sdk/client-s3'
import { SSMClient } from '@aws-sdk/client-ssm'
import type { Clock, Ports } from '../../flows/ports.ts'
import { openDynamoLedger } from '../ledger/dynamo-ledger.ts'
import { openS3Objects } from '../objects/s3-objects.ts'
import { openParameterPolicies } from '../policies/parameter-policies.ts'
import { openLambdaWorkflow } from '../workflow/lambda-workflow.ts'

/** What a person needs to read a deployed installation and to ask something of its lanes. */
export interface Installation extends Pick<Ports, 'ledger' | 'policies' | 'workflow' | 'clock'> {
  /** Gives the connections back: an open one keeps the process alive. */
  close(): void
}

/** A person waits, over any network: a dead connection is given up after seconds, not minutes. */
const PATIENCE = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 3000, requestTimeout: 10_000, throwOnRequestTimeout: true },
} as const

/** The ports of the installation of this name in this region, with the credentials of who asks. Opening asks nothing. */
export const openInstallation = (
  { region, installation }: { region: string; installation: string },
  clock: Clock,
): Installation => {
  const options = { region, ...PATIENCE }
  const [dynamo, lambda] = [new DynamoDBClient(options), new LambdaClient(options)]
  const [s3, ssm] = [new S3Client(options), new SSMClient(options)]
  return {
    clock,
    ledger: openDynamoLedger({ client: dynamo, table: `${installation}-ledger`, clock }),
    policies: openParameterPolicies({
      client: ssm,
      parameter: `/${installation}/policy`,
      objects: openS3Objects(s3),
      clock,
    }),
    workflow: openLambdaWorkflow({ client: lambda, functionArn: `${installation}-carry-out:live` }),
    close: () => {
      for (const client of [dynamo, lambda, s3, ssm]) client.destroy()
    },
  }
}
