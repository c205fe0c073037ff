import * as z from 'zod/mini'
import { NAME, short } from '../../events/input.ts'

/** Names of one sort; more than there ever are. */
const names = z._default(z.array(short(NAME)).check(z.maxLength(20)), [])

/** Who else counts a budget's costs. */
export const notices = z.strictObject({
  /** Names of budgets of AWS Budgets. Those that the stack `money` makes need not be named. */
  aws: names,
  /** Names of monitors of Cost Anomaly Detection, or their ARNs where they have no name. */
  anomalies: names,
  /** Ids of budget policies of MLflow’s gateway. */
  mlflow: names,
})
export type Notices = z.output<typeof notices>
