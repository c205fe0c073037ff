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
 * within half a minute, in each process by itself, and at once where a lane was decided under it already; a document that does not hold together leaves the last one in force and is told to `onProblem`.
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
    const published = Parameter?.LastModifiedDate?.getTime()
    const read = inForce?.at === at ? inForce.policy : await readPolicy(objects, parameter, at)
    if (read !== inForce?.policy || read.published !== published)
      inForce = { policy: published === undefined ? read : { ...read, published }, at }
    until = clock.now() + FRESH
    return inForce.policy
  }
  /** A newer one than this release reads, or a wrong one, is mended outside: until then everything rests, visibly (law 15). */
  const resting = (error: unknown): unknown => (error instanceof PolicyError ? new Unavailable(error.message) : error)
  return {
    load: async () => {
      if (inForce !== null && until > clock.now()) return inForce.policy
      try {
        return await refresh()
      } catch (error) {
        if (inForce === null) throw resting(error)
        onProblem(error)
        until = clock.now() + FRESH
        return inForce.policy
      }
    },
    notBefore: async (published) => {
      const isOlder = (policy: Policy): boolean => (policy.published ?? published) < published
      if (inForce !== null && !isOlder(inForce.policy)) return inForce.policy
      const policy = await refresh().catch((error: unknown) => {
        throw resting(error)
      })
      if (isOlder(policy)) throw new Unavailable(`${parameter} does not say yet which policy was published since`)
      return policy
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
