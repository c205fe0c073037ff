import { door as alarmChanged } from '../functions/alarm-changed.ts'
import { door as alertWebhook } from '../functions/alert-webhook.ts'
import { door as budgetCrossed } from '../functions/budget-crossed.ts'
import { door as budgetNotice } from '../functions/budget-notice.ts'
import { door as capacityWarned } from '../functions/capacity-warned.ts'
import { door as costAnomaly } from '../functions/cost-anomaly.ts'
import { door as datasetUploaded } from '../functions/dataset-uploaded.ts'
import type { Trigger } from '../functions/door.ts'
import { door as driftDetected } from '../functions/drift-detected.ts'
import { door as driftReported } from '../functions/drift-reported.ts'
import { door as meter } from '../functions/meter.ts'
import { door as modelPromoted } from '../functions/model-promoted.ts'
import { door as reconcile } from '../functions/reconcile.ts'
import { door as registryWebhook } from '../functions/registry-webhook.ts'
import { door as resync } from '../functions/resync.ts'
import type { AwsRight } from '../functions/rights.ts'
import { door as slackCommand } from '../functions/slack-command.ts'
import { door as slackInteraction } from '../functions/slack-interaction.ts'
import { door as tick } from '../functions/tick.ts'
import { door as versionChanged } from '../functions/version-changed.ts'
import { door as watch } from '../functions/watch.ts'

/** What a stack needs of a door. */
export interface DoorFacts {
  name: string
  trigger: Trigger
  aws: readonly AwsRight[]
  /** Whether it talks to the cluster: then it is attached to the VPC and has an access entry. */
  inCluster: boolean
}

/** Every door, in the order of the way of one event. */
export const everyDoor = [
  datasetUploaded,
  registryWebhook,
  modelPromoted,
  versionChanged,
  alertWebhook,
  driftDetected,
  alarmChanged,
  driftReported,
  budgetNotice,
  budgetCrossed,
  costAnomaly,
  capacityWarned,
  slackInteraction,
  slackCommand,
  reconcile,
  tick,
  watch,
  resync,
  meter,
] as const

/** What stacks need of each. */
export const doors: readonly DoorFacts[] = everyDoor.map(({ name, trigger, aws, kubernetes }) => ({
  name,
  trigger,
  aws,
  inCluster: kubernetes.length > 0,
}))
