import { LambdaClient } from '@aws-sdk/client-lambda'
import { openLambdaWorkflow } from '../../effects/workflow/lambda-workflow.ts'
import type { Workflow } from '../../flows/ports.ts'
import { PATIENT, type Patience } from './patience.ts'
import type { Settings } from './settings.ts'

export const workflowOf = ({ workflowArn }: Settings, patience: Patience = PATIENT): Workflow =>
  openLambdaWorkflow({ client: new LambdaClient(patience), functionArn: workflowArn })
