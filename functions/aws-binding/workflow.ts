import { LambdaClient } from '@aws-sdk/client-lambda'
import { openLambdaWorkflow } from '../../effects/workflow/lambda-workflow.ts'
import type { Workflow } from '../../flows/ports.ts'
import type { Settings } from './settings.ts'
import { CALL } from './state.ts'

export const workflowOf = ({ workflowArn }: Settings): Workflow =>
  openLambdaWorkflow({ client: new LambdaClient({ requestHandler: CALL }), functionArn: workflowArn })
