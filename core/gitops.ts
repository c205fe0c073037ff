/** By what Argo CD and Flux say on an object that they apply it, each a key of its labels or annotations. */
const MARKS = [
  { of: 'Argo CD', at: 'annotations', key: 'argocd.argoproj.io/tracking-id' },
  { of: 'Argo CD', at: 'labels', key: 'argocd.argoproj.io/instance' },
  { of: 'Flux', at: 'labels', key: 'kustomize.toolkit.fluxcd.io/name' },
  { of: 'Flux', at: 'labels', key: 'helm.toolkit.fluxcd.io/name' },
] as const

/** Who applies an object by what is written on it, so that it would undo what is changed; null: nobody that is known. */
export const gitOpsOf = (metadata: {
  labels?: Record<string, string>
  annotations?: Record<string, string>
}): (typeof MARKS)[number]['of'] | null => MARKS.find(({ at, key }) => metadata[at]?.[key] !== undefined)?.of ?? null

/** The keys of labels, or of annotations, by which that is said. */
export const gitOpsKeys = (at: 'labels' | 'annotations'): string[] =>
  MARKS.filter((mark) => mark.at === at).map(({ key }) => key)
