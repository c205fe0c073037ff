/** What a door may touch in AWS, by the name that `infra/` gives an ARN to. */
export type AwsResource =
  | 'table'
  | 'bus'
  | 'policy-parameter'
  | 'policy-documents'
  | 'dataset-buckets'
  | 'dataset-objects'
  | 'results-bucket'
  | 'results-objects'
  | 'queue'
  | 'secret:mlflow-webhook'
  | 'secret:mlflow-token'
  | 'secret:slack-signing'
  | 'secret:slack-bot-token'

/** Actions on one resource: what a door's role allows, and nothing else. */
export interface AwsRight {
  actions: readonly string[]
  on: AwsResource
}

const secret = (name: 'mlflow-webhook' | 'mlflow-token' | 'slack-signing' | 'slack-bot-token'): AwsRight => ({
  actions: ['secretsmanager:GetSecretValue'],
  on: `secret:${name}`,
})

/** What each port, or part of one, asks of AWS. A transaction needs the right of each of its writes. */
export const AWS = {
  ledger: [
    {
      actions: [
        'dynamodb:GetItem',
        'dynamodb:Query',
        'dynamodb:PutItem',
        'dynamodb:UpdateItem',
        'dynamodb:ConditionCheckItem',
      ],
      on: 'table',
    },
  ],
  bus: [{ actions: ['events:PutEvents'], on: 'bus' }],
  policies: [
    { actions: ['ssm:GetParameter'], on: 'policy-parameter' },
    { actions: ['s3:GetObject'], on: 'policy-documents' },
  ],
  // Listing is what makes S3 say 404 of what is not there.
  datasets: [
    { actions: ['s3:ListBucket'], on: 'dataset-buckets' },
    { actions: ['s3:GetObject', 's3:GetObjectVersion'], on: 'dataset-objects' },
  ],
  results: [
    { actions: ['s3:ListBucket'], on: 'results-bucket' },
    { actions: ['s3:GetObject'], on: 'results-objects' },
  ],
  // Waking alone: a hint, which tells nobody anything.
  queue: [{ actions: ['sqs:SendMessage'], on: 'queue' }],
  registry: [secret('mlflow-token')],
  chat: [secret('slack-bot-token')],
  webhookSecret: [secret('mlflow-webhook')],
  signingSecret: [secret('slack-signing')],
} as const satisfies Record<string, readonly AwsRight[]>
