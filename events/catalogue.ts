import { alarmChanged } from './alarm-changed.ts'
import { approvalAnswered } from './approval-answered.ts'
import { budgetCrossed } from './budget-crossed.ts'
import { capacityWarned } from './capacity-warned.ts'
import type { Contract } from './contract.ts'
import { costAnomaly } from './cost-anomaly.ts'
import { datasetUploaded } from './dataset-uploaded.ts'
import { driftDetected } from './drift-detected.ts'
import { driftReported } from './drift-reported.ts'
import { leaseAsked } from './lease-asked.ts'
import { modelPromoted } from './model-promoted.ts'
import { planFinished } from './plan-finished.ts'
import { runAsked } from './run-asked.ts'
import { scheduleDue } from './schedule-due.ts'
import { versionChanged } from './version-changed.ts'

/** Every event that is understood, in the order in which a story meets them. */
export const contracts: readonly Contract<unknown>[] = [
  datasetUploaded,
  modelPromoted,
  versionChanged,
  driftDetected,
  alarmChanged,
  driftReported,
  budgetCrossed,
  costAnomaly,
  capacityWarned,
  approvalAnswered,
  leaseAsked,
  runAsked,
  scheduleDue,
  planFinished,
]
