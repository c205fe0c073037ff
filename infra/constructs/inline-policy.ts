import { Stack } from 'aws-cdk-lib'
import { PolicyDocument, type PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { RegionInfo } from 'aws-cdk-lib/region-info'
import type { Construct } from 'constructs'

/** What IAM takes in all inline policies of a role, without spaces. */
const LONGEST = 10_240
/** As long as what a reference to a part becomes, or longer: our longest ARN is that of a log group. */
const REFERENCE = 'x'.repeat(128)

/** The policy of a door's role. Throws when it is longer than IAM takes, which CloudFormation would say in the middle of a deployment. */
export const inlinePolicy = (scope: Construct, door: string, statements: PolicyStatement[]): PolicyDocument => {
  const document = new PolicyDocument({ statements })
  const stack = Stack.of(scope)
  const { partition = 'aws' } = RegionInfo.get(stack.region)
  const length = JSON.stringify(deployed(stack.resolve(document), partition)).length
  if (length > LONGEST)
    throw new Error(
      `signalbox.config.ts: datasets of \`pipelines\` are in so many buckets that the role of ${door} needs a policy of about ${length} characters, ` +
        `and IAM takes ${LONGEST}: put datasets into fewer buckets, each under a prefix of its own`,
    )
  return document
}

/** A value of a template about as long as it will be: joined, its partition written out, other references as long as an ARN. */
const deployed = (value: unknown, partition: string): unknown => {
  if (Array.isArray(value)) return value.map((one) => deployed(one, partition))
  if (typeof value !== 'object' || value === null) return value
  const { Ref, 'Fn::Join': join, ...others } = value as { Ref?: string; 'Fn::Join'?: [string, unknown[]] }
  if (join !== undefined) return join[1].map((part) => deployed(part, partition)).join(join[0])
  if (Ref !== undefined) return Ref === 'AWS::Partition' ? partition : REFERENCE
  if (Object.keys(others).some((key) => key.startsWith('Fn::'))) return REFERENCE
  return Object.fromEntries(Object.entries(others).map(([key, one]) => [key, deployed(one, partition)]))
}
