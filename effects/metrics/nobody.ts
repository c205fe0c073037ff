import type { Metrics } from '../../flows/metrics-port.ts'

/** Where no server is named. */
export const nobody: Metrics = { query: async () => null, rules: async () => null }
