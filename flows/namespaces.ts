import type { Policy } from '../core/policy.ts'

/** Our namespaces: nothing is watched, changed or deleted in any other (law 3). */
export const ourNamespaces = ({ namespaces }: Pick<Policy, 'namespaces'>): string[] => [
  ...new Set(Object.values(namespaces)),
]
