/** Keys of a JobSet's spec, as JobSet 0.12.0 has them. */
export const JOB_SET_KEYS = [
  ...['coordinator', 'failurePolicy', 'managedBy', 'network', 'replicatedJobs', 'startupPolicy', 'successPolicy'],
  ...['suspend', 'ttlSecondsAfterFinished', 'volumeClaimPolicies'],
]
