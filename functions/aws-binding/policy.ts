import { S3Client } from '@aws-sdk/client-s3'
import { SSMClient } from '@aws-sdk/client-ssm'
import { openS3Objects } from '../../effects/objects/s3-objects.ts'
import { openParameterPolicies } from '../../effects/policies/parameter-policies.ts'
import type { Objects, Policies } from '../../flows/ports.ts'
import { logger } from './lambda.ts'
import type { Settings } from './settings.ts'
import { CALL, clock } from './state.ts'

export const objectsOf = (): Objects =>
  openS3Objects(new S3Client({ requestHandler: { ...CALL, requestTimeout: 30_000 } }))

export const policiesOf = ({ policyParameter }: Settings, objects: Objects): Policies =>
  openParameterPolicies({
    client: new SSMClient({ requestHandler: CALL }),
    parameter: policyParameter,
    objects,
    clock,
    onProblem: (error) => logger.error('the new policy is not in force', { problem: String(error) }),
  })
