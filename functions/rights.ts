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
  | 'secret:alert-webhook'
  | 'secret:mlflow-token'
  | 'secret:slack-signing'
  | 'secret:slack-bot-token'
  | 'secret:prometheus-token'
  | 'prometheus-workspace'

/** Actions on one resource: what a door's role allows, and nothing else. */
export interface AwsRight {
  actions: readonly string[]
  on: AwsResource
  /** Of the table: only items under these partition keys, where `*` stands for any text. */
  keys?: readonly string[]
}

const secret = (
  name: 'mlflow-webhook' | 'mlflow-token' | 'slack-signing' | 'slack-bot-token' | 'alert-webhook' | 'prometheus-token',
): AwsRight => ({
  actions: ['secretsmanager:GetSecretValue'],
  on: `secret:${name}`,
})

/** Actions on items of the table by their partition keys: a transaction needs the right of each of its parts. */
const items = (keys: readonly string[], ...actions: string[]): AwsRight => ({
  actions: actions.map((action) => `dynamodb:${action}`),
  on: 'table',
  keys,
})

/** What no lane has: what was refused, and what no rule is about. */
const NOTED: readonly AwsRight[] = [
  items(['moments', 'moments#-'], 'PutItem'),
  // Counters are added to.
  items(['counts'], 'UpdateItem'),
]

/**
 * Rights on rows of the ledger by what a door is for (effects/ledger/keys.ts says where rows lie). Who may write a letter of an
 * event cannot vote, and neither can be read by who writes it.
 */
export const ROWS = {
  /** A letter of an event, when it is due, and its count. */
  looks: [items(['looks#*'], 'UpdateItem'), items(['due#*'], 'PutItem'), ...NOTED],
  /** The same of what people say. */
  orders: [items(['orders#*'], 'UpdateItem'), items(['due#*'], 'PutItem'), ...NOTED],
  refusals: NOTED,
  /** Whose pods are on an instance, as the meter saw it. */
  warnings: [items(['instance'], 'BatchGetItem', 'Query')],
  /** Who is due, who waits for a far side, and what a newer release has left. */
  tick: [items(['due#*'], 'Query'), items(['lane#*', 'looks#*', 'orders#*', 'side'], 'BatchGetItem')],
  /** Which lanes go on by themselves, what is due before them, and whose an object is. */
  watch: [items(['due#*'], 'Query'), items(['lane#*', 'looks#*', 'orders#*', 'name', 'side'], 'BatchGetItem')],
  resync: [
    items(['lanes#*', 'lane#*', 'looks#*', 'room#*', 'due#*', 'counts'], 'Query'),
    items(
      ['lane#*', 'looks#*', 'orders#*', 'room#*', 'sum#*', 'identity', 'name', 'side', 'group', 'listing'],
      'BatchGetItem',
    ),
    items(['looks#*', 'room#*', 'sum#*', 'identity', 'side', 'group', 'listing', 'counts'], 'UpdateItem'),
    // And a line of the timeline for each orphan that it deletes.
    items(['due#*', 'moments', 'moments#*'], 'PutItem'),
    // Holds, places in lines and due rows that a restore tore from what they are of, written only while all is as it was read.
    items(['room#*', 'due#*'], 'DeleteItem'),
    items(['lane#*', 'room#*'], 'ConditionCheckItem'),
  ],
  /** What nodes cost, and nothing of a lane; and which rungs are written that follow from it. */
  meter: [
    items(['instance'], 'Query'),
    items(['identity', 'meter', 'booked#*', 'day', 'room#budget/*'], 'BatchGetItem'),
    items(['instance', 'meter', 'booked#*', 'day'], 'UpdateItem'),
    items(['instance'], 'DeleteItem'),
    items(['meter'], 'ConditionCheckItem'),
  ],
  /** What others count of a budget: its row, its timeline, and what is told of it; no document of a lane, and no letter. */
  notices: [
    items(['day'], 'Query'),
    items(['identity', 'notice', 'meter'], 'BatchGetItem'),
    items(['notice', 'lane#budget/*', 'lane#-', 'counts'], 'UpdateItem'),
    items(['moments', 'moments#budget/*', 'moments#-', 'due#*'], 'PutItem'),
  ],
  /** Letters of people it answers, and writes none. */
  reconcile: [
    // Every lane, before a policy with other names is in force.
    items(['lane#*', 'lanes#*', 'looks#*', 'orders#*', 'room#*', 'due#*'], 'Query'),
    items(
      ['lane#*', 'room#*', 'sum#*', 'identity', 'name', 'freeze', 'side', 'group', 'card', 'meter', 'day'],
      'BatchGetItem',
    ),
    items(
      ['lane#*', 'looks#*', 'room#*', 'sum#*', 'identity', 'name', 'side', 'group', 'card', 'counts'],
      'UpdateItem',
    ),
    items(['due#*', 'lanes#*', 'moments', 'moments#*'], 'PutItem'),
    items(['lane#*', 'looks#*', 'orders#*', 'room#*', 'due#*'], 'DeleteItem'),
    // And that nothing was granted to who leaves a line in which a restore left no place of it.
    items(['freeze', 'room#*'], 'ConditionCheckItem'),
  ],
} as const satisfies Record<string, readonly AwsRight[]>

/** What each other port, or part of one, asks of AWS. */
export const AWS = {
  bus: [{ actions: ['events:PutEvents'], on: 'bus' }],
  policies: [
    { actions: ['ssm:GetParameter'], on: 'policy-parameter' },
    { actions: ['s3:GetObject'], on: 'policy-documents' },
  ],
  // Listing is what makes S3 say 404 of what is not there.
  manifests: [
    { actions: ['s3:ListBucket'], on: 'dataset-buckets' },
    { actions: ['s3:GetObject'], on: 'dataset-objects' },
  ],
  // And what they name, which may be a version of an object.
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
  // Lambda receives with the rights of who is called; `reconcile` itself brings a wake's return forward.
  wakes: [
    {
      actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ChangeMessageVisibility'],
      on: 'queue',
    },
  ],
  registry: [secret('mlflow-token')],
  // A server takes the token, a workspace of Amazon's the role: whichever is named, the other right is on nothing.
  alertRules: [secret('prometheus-token'), { actions: ['aps:ListRules'], on: 'prometheus-workspace' }],
  chat: [secret('slack-bot-token')],
  webhookSecret: [secret('mlflow-webhook')],
  alertSecret: [secret('alert-webhook')],
  signingSecret: [secret('slack-signing')],
} as const satisfies Record<string, readonly AwsRight[]>
