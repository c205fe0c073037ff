import { LambdaClient } from '@aws-sdk/client-lambda'
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm'
import { openDynamoLedger } from '../../../effects/ledger/dynamo-ledger.ts'
import { openS3Objects } from '../../../effects/objects/s3-objects.ts'
import { openParameterPolicies } from '../../../effects/policies/parameter-policies.ts'
import { openMlflow } from '../../../effects/registry/mlflow-registry.ts'
import { openSecretsManager } from '../../../effects/secrets/secrets-manager.ts'
import { openLambdaWorkflow } from '../../../effects/workflow/lambda-workflow.ts'
import type { Ports } from '../../../flows/ports.ts'
import { openSlackStandIn } from '../../effects/chat/slack-stand-in.ts'
import { openLambdaStandIn } from '../../effects/workflow/lambda-stand-in.ts'
import { openMlflowServer } from '../registry/mlflow.ts'
import { openDynamoDb } from './dynamodb.ts'
import { openMoto } from './moto.ts'
import { lambdaTroubles, troubledDynamo } from './troubles.ts'

/** The workflow's function. */
export const FUNCTION = { name: 'carry-out', alias: 'live' }
export const SECRETS = { 'mlflow-webhook': 'hook', 'slack-signing': 'sign' }

export type AwsTown = Awaited<ReturnType<typeof openAwsTown>>

/** What of AWS, Slack and MLflow a house stands on, furnished for one config, with troubles that `random` decides. */
export const openAwsTown = async (config: object, random: () => number) => {
  const clock = { now: () => Date.now() }
  const [dynamo, moto, mlflow] = [await openDynamoDb(), await openMoto(), await openMlflowServer()]
  const lambda = await openLambdaStandIn(lambdaTroubles(random))
  const s3 = new S3Client({ ...moto.at, forcePathStyle: true })
  const [secrets, ssm] = [new SecretsManagerClient(moto.at), new SSMClient(moto.at)]
  const put = async (Bucket: string, Key: string, Body: string | Uint8Array): Promise<void> =>
    void (await s3.send(new PutObjectCommand({ Bucket, Key, Body })))
  for (const Bucket of ['acme-datasets', 'acme-results', 'assets'])
    await s3.send(
      new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' } }),
    )
  await put('assets', 'policy.json', JSON.stringify(config))
  await ssm.send(new PutParameterCommand({ Name: '/p', Type: 'String', Value: 's3://assets/policy.json' }))
  for (const [name, SecretString] of Object.entries(SECRETS))
    await secrets.send(new CreateSecretCommand({ Name: `s/${name}`, SecretString }))

  const counts: Record<string, number> = {}
  const table = await dynamo.table()
  const ledger = openDynamoLedger({ client: troubledDynamo(dynamo.client(), random, counts), table, clock })
  const objects = openS3Objects(s3)
  const slack = await openSlackStandIn(ledger)
  const registry = openMlflow({ url: mlflow.url })
  // One attempt: what goes wrong reaches our own code, and is not put right by the client before.
  const client = new LambdaClient({ ...lambda.at, maxAttempts: 1 })
  const functionArn = `arn:aws:lambda:eu-central-1:111122223333:function:${FUNCTION.name}:${FUNCTION.alias}`
  return {
    clock,
    /** What went wrong at DynamoDB. At Lambda: `lambda.counts`. */
    counts,
    lambda,
    slack,
    mlflow,
    registry,
    /** Writes an object, as its producer does. */
    put,
    /** The ledger as it is: without troubles. */
    clean: openDynamoLedger({ client: dynamo.client(), table, clock }),
    objects,
    /** The ports, over AWS. */
    over: (ports: Ports): Ports => ({
      ...ports,
      ledger,
      objects,
      chat: slack.chat,
      secrets: openSecretsManager({ client: secrets, prefix: 's', clock }),
      policies: openParameterPolicies({ client: ssm, parameter: '/p', objects, clock }),
      workflow: openLambdaWorkflow({ client, functionArn }),
    }),
    close: async () => {
      client.destroy()
      await slack.close()
      await registry.close()
      for (const end of [lambda.close, mlflow.close, moto.close, dynamo.close]) await end()
    },
  }
}
