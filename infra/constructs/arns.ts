import { ArnFormat, Stack } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import type { AwsResource, AwsRight } from '../../functions/rights.ts'
import type { PolicyFacts } from '../policy.ts'

/** The workflow's function by name and alias: its own role and environment name it, so it cannot be a reference. */
export const WORKFLOW = { door: 'carry-out', alias: 'live' }

/** Everything that an ARN is made of. */
export interface Named {
  installation: string
  policy: PolicyFacts
  tableArn: string
  busArn: string
  parameterArn: string
  /** Bucket and prefix of the policy documents. */
  documentsArn: string
  secretArns: Record<string, string>
}

/** ARNs of each resource that rights name. */
export const arnsOf = (scope: Construct, named: Named): Record<AwsResource, string[]> => {
  const stack = Stack.of(scope)
  const bucket = (name: string): string => stack.formatArn({ service: 's3', region: '', account: '', resource: name })
  const { installation, policy, secretArns } = named
  const workflow = stack.formatArn({
    service: 'lambda',
    resource: 'function',
    resourceName: `${installation}-${WORKFLOW.door}`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  })
  const secret = (name: string): string[] => {
    const arn = secretArns[name]
    if (arn === undefined) throw new Error(`there is no secret ${name}`)
    return [arn]
  }
  return {
    table: [named.tableArn],
    bus: [named.busArn],
    'policy-parameter': [named.parameterArn],
    'policy-documents': [named.documentsArn],
    'dataset-buckets': policy.datasetBuckets.map(bucket),
    'dataset-objects': policy.datasetBuckets.map((name) => `${bucket(name)}/*`),
    'results-bucket': [bucket(policy.resultsBucket)],
    'results-objects': [`${bucket(policy.resultsBucket)}/*`],
    workflow: [workflow, `${workflow}:${WORKFLOW.alias}`],
    'workflow-executions': [`${workflow}:*`],
    'secret:mlflow-webhook': secret('mlflow-webhook'),
    'secret:mlflow-token': secret('mlflow-token'),
    'secret:slack-signing': secret('slack-signing'),
    'secret:slack-bot-token': secret('slack-bot-token'),
  }
}

/** Rights of a door as statements of its policy: the same actions on the same ARNs, nothing added. A right on nothing is none. */
export const statementsOf = (
  rights: readonly AwsRight[],
  arns: Record<AwsResource, string[]>,
): { actions: string[]; resources: string[] }[] =>
  rights
    .map(({ actions, on }) => ({ actions: [...actions], resources: arns[on] }))
    // A policy without datasets has no buckets of them.
    .filter(({ resources }) => resources.length > 0)
