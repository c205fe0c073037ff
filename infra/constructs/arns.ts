import { ArnFormat, Stack } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import { workspaceAt } from '../../core/managed-prometheus.ts'
import type { AwsResource, AwsRight } from '../../functions/rights.ts'
import { secretName } from '../naming.ts'
import type { PolicyFacts } from '../policy.ts'

/** Everything that an ARN is made of. */
export interface Named {
  policy: PolicyFacts
  /** Where Prometheus is, when one is named. */
  prometheus: string | undefined
  tableArn: string
  busArn: string
  queueArn: string
  parameterArn: string
  /** Folder of the policy documents. */
  documentsArn: string
}

/** ARNs of each resource that rights name. */
export const arnsOf = (scope: Construct, named: Named): Record<AwsResource, string[]> => {
  const stack = Stack.of(scope)
  const bucket = (name: string): string => stack.formatArn({ service: 's3', region: '', account: '', resource: name })
  const { policy } = named
  // Secrets Manager adds six characters of its own; importing them would keep a secret from being taken away.
  const secret = (name: string): string[] => [
    stack.formatArn({
      service: 'secretsmanager',
      resource: 'secret',
      resourceName: `${secretName(policy.installation, name)}-??????`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    }),
  ]
  return {
    table: [named.tableArn],
    bus: [named.busArn],
    'policy-parameter': [named.parameterArn],
    'policy-documents': [named.documentsArn],
    'dataset-buckets': policy.datasetBuckets.map(bucket),
    'dataset-objects': policy.datasetBuckets.map((name) => `${bucket(name)}/*`),
    'results-bucket': [bucket(policy.resultsBucket)],
    'results-objects': [`${bucket(policy.resultsBucket)}/*`],
    queue: [named.queueArn],
    'secret:mlflow-webhook': secret('mlflow-webhook'),
    'secret:alert-webhook': secret('alert-webhook'),
    'secret:mlflow-token': secret('mlflow-token'),
    'secret:slack-signing': secret('slack-signing'),
    'secret:slack-bot-token': secret('slack-bot-token'),
    'secret:prometheus-token': takesToken(named.prometheus) ? secret('prometheus-token') : [],
    'prometheus-workspace': workspaceArns(stack, named.prometheus),
  }
}

/** Whether a server is named that is let in by a token: a workspace of Amazon's is by the role. */
export const takesToken = (url: string | undefined): boolean => url !== undefined && workspaceAt(url) === null

const workspaceArns = (stack: Stack, url: string | undefined): string[] => {
  const workspace = url === undefined ? null : workspaceAt(url)
  if (workspace === null) return []
  const { region, id } = workspace
  return [stack.formatArn({ service: 'aps', region, resource: 'workspace', resourceName: id })]
}

/** A statement of a role's policy. */
export interface Stated {
  actions: string[]
  resources: string[]
  conditions?: Record<string, Record<string, string | string[]>>
}

/** Rights of a door as statements of its policy: the same actions on the same ARNs, nothing added. A right on nothing is none. */
export const statementsOf = (rights: readonly AwsRight[], arns: Record<AwsResource, string[]>): Stated[] =>
  rights
    .map(({ actions, on, keys }) => ({
      actions: [...actions],
      resources: arns[on],
      ...(keys === undefined ? {} : { conditions: under(keys) }),
    }))
    // A policy without datasets has no buckets of them.
    .filter(({ resources }) => resources.length > 0)

/** `ForAllValues` holds also of a request that names no key at all, so one must be named. */
const under = (keys: readonly string[]): Stated['conditions'] => ({
  'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [...keys] },
  Null: { 'dynamodb:LeadingKeys': 'false' },
})
