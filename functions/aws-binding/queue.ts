import { SQSClient } from '@aws-sdk/client-sqs'
import { openSqsQueue } from '../../effects/queue/sqs-queue.ts'
import type { Queue } from '../../flows/ports.ts'
import { PATIENT, type Patience } from './patience.ts'
import type { Settings } from './settings.ts'

export const queueOf = ({ queueUrl }: Settings, patience: Patience = PATIENT): Queue =>
  openSqsQueue({ client: new SQSClient(patience), url: queueUrl })
