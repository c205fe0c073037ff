import { S3Client } from '@aws-sdk/client-s3'
import { SSMClient } from '@aws-sdk/client-ssm'
import { openS3Objects } from '../../effects/objects/s3-objects.ts'
import { openParameterPolicies } from '../../effects/policies/parameter-policies.ts'
import type { Objects, Policies } from '../../flows/ports.ts'
import { logger } from './lambda.ts'
import { PATIENT, type Patience } from './patience.ts'
import type { Settings } from './settings.ts'
import { clock } from './state.ts'

export const objectsOf = (patience: Patience = PATIENT): Objects => openS3Objects(new S3Client(patience))

export const policiesOf = ({ policyParameter }: Settings, objects: Objects, patience: Patience = PATIENT): Policies =>
  openParameterPolicies({
    client: new SSMClient(patience),
    parameter: policyParameter,
    objects,
    clock,
    onProblem: (error) => logger.error('the new policy is not in force', { problem: String(error) }),
  })
