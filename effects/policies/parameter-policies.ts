import { GetParameterCommand, type SSMClient } from '@aws-sdk/client-ssm'
import { type Policy, PolicyError, validatedPolicy } from '../../core/policy.ts'
import { type Clock, type Objects, type Policies, Unavailable } from '../../flows/ports.ts'
import { asking } from '../aws/errors.ts'

/** How long the policy in force is not asked for again. Milliseconds. */
const FRESH = 30_000
/** A policy of 10,000 models has about 6 MB. Bytes. */
const LARGEST = 32 * 1024 * 1024

/**
 * The policy that an SSM parameter points to: its value is `s3://bucket/key` of one JSON document. A new value takes force
 * within half a minute; a document that does not hold together leaves the last one in force and is told to `onProblem`.
 */
export const openParameterPolicies = ({
  client,
  parameter,
  objects,
  clock,
  onProblem = () => undefined,
}: {
  client: Pick<SSMClient, 'send'>
  parameter: string
  objects: Pick<Objects, 'read'>
  clock: Clock
  onProblem?: (error: unknown) => void
}): Policies => {
  let inForce: { policy: Policy; at: string } | null = null
  let until = 0
  const refresh = async (): Promise<Policy> => {
    const get = new GetParameterCommand({ Name: parameter })
    const { Parameter } = await asking(`the parameter ${parameter}`, () => (client as SSMClient).send(get))
    const at = Parameter?.Value ?? ''
    if (inForce === null || inForce.at !== at) inForce = { policy: await readPolicy(objects, parameter, at), at }
    return inForce.policy
  }
  return {
    load: async () => {
      if (inForce !== null && until > clock.now()) return inForce.policy
      try {
        const policy = await refresh()
        until = clock.now() + FRESH
        return policy
      } catch (error) {
        // A newer one than this release reads, or a wrong one, is mended outside: until then everything rests, visibly (law 15).
        if (inForce === null) throw error instanceof PolicyError ? new Unavailable(error.message) : error
        onProblem(error)
        until = clock.now() + FRESH
        return inForce.policy
      }
    },
  }
}

const readPolicy = async (objects: Pick<Objects, 'read'>, parameter: string, at: string): Promise<Policy> => {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(at) ?? []
  if (bucket === undefined || key === undefined)
    throw new PolicyError([`${parameter} must be s3://bucket/key of the policy's JSON, not ${JSON.stringify(at)}`])
  const found = await objects.read(bucket, key, LARGEST)
  if (found === null) throw new Unavailable(`${parameter} points to ${at}, which is not there: deploy again`)
  try {
    return validatedPolicy(JSON.parse(Buffer.from(found.bytes).toString('utf8')))
  } catch (error) {
    throw error instanceof SyntaxError ? new PolicyError([`${at}: ${error.message}`]) : error
  }
}
