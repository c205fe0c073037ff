/** Every lane kind, every kind of desired state, every type of an event: test/house.test.ts holds them to the catalogues. */
export const LANE_KINDS = ['pipeline', 'service', 'pool', 'budget']
export const DESIRED_KINDS = ['kept', 'train', 'serve', 'none', 'retired', 'leased', 'lifted']
export const EVENT_TYPES = [
  'dataset-uploaded',
  'model-promoted',
  'version-changed',
  'drift-detected',
  'alarm-changed',
  'drift-reported',
  'budget-crossed',
  'cost-anomaly',
  'capacity-warned',
  'approval-answered',
  'lease-asked',
  'run-asked',
  'schedule-due',
  'plan-finished',
]

/**
 * Files (as beginnings of paths) that may ask which kind a lane, a desired state or an event is: others ask the value. Proofs
 * name the lane that they mean, as people do.
 */
export const ASKS_KINDS = ['core/lane-kinds/', 'core/reactions/', 'test/', 'bench/']
