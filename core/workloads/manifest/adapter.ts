/** What a manifest says that does not go: where, below its top, and what to write. */
export interface ManifestWrong {
  path: (string | number)[]
  message: string
}

/** What is known of a kind that people bring as a whole object: where its pods are, and what of it is not theirs to say. */
export interface ManifestAdapter {
  apiVersion: string
  kind: string
  /** Where its pod template lies. */
  template: readonly string[]
  /** Keys of its `spec` that it may say; what else Kubernetes has there is in `never`. */
  keys: readonly string[]
  /** Keys of its `spec` that are ours, each with what to say instead. */
  never: Readonly<Record<string, string>>
  /** Pods that it runs at once, all of which it needs; or what of its `spec` does not go. */
  podsOf(spec: Readonly<Record<string, unknown>>): number | ManifestWrong[]
}
