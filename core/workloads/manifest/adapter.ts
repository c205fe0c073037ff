/** What a manifest says that does not go: where, below its top, and what to write. */
export interface ManifestWrong {
  path: (string | number)[]
  message: string
}

/** The Job of Kubernetes that an object comes to. */
export interface BroughtJob {
  /** Where in the object a Job's `metadata` and `spec` lie. */
  at: ManifestWrong['path']
  metadata?: unknown
  spec: Readonly<Record<string, unknown>>
}

/** What is known of a kind that people bring as a whole object: which Job it comes to, and what of it is not theirs to say. */
export interface ManifestAdapter {
  apiVersion: string
  kind: string
  /** Keys of its `spec` that it may say; what else Kubernetes has there is in `never`. */
  keys: readonly string[]
  /** Keys of its `spec` that are ours, each with what to say instead. */
  never: Readonly<Record<string, string>>
  /** The Job whose pods it runs, all of which it needs at once; or what of the object does not go. `stage`: what is brought for. */
  jobOf(object: Readonly<Record<string, unknown>>, stage: string): BroughtJob | ManifestWrong[]
}
