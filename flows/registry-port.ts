/** A version of a registered model. */
export interface ModelVersion {
  name: string
  version: string
  source: string
  /** `source` resolved to where the bytes are (`get-download-uri`). */
  artifactUri: string
  runId: string | null
  status: 'READY' | 'PENDING_REGISTRATION' | 'FAILED_REGISTRATION' | string
  tags: Record<string, string>
  /** When it was made, by the registry's clock. Milliseconds since the epoch. */
  made: number
  /** Who made it; null: the registry does not say. */
  by: string | null
}

/** `workspace`: the one that was approved, null for none; left out, the one that the policy names now. */
export interface Registry {
  /** What the alias says now; null when the model or the alias is not there. */
  alias(model: string, alias: string): Promise<ModelVersion | null>
  /** One version; null when the model or the version is not there. */
  version(model: string, version: string): Promise<ModelVersion | null>
  /** The newest version of a model; null when there is none. */
  newest(model: string): Promise<ModelVersion | null>
  /** The newest version that carries this tag value, null when none does (law 14: search before writing). */
  findByTag(model: string, key: string, value: string, workspace?: string | null): Promise<ModelVersion | null>
  /** The newest version in a stage (deprecated by MLflow since 2.9, still used); null when there is none. */
  inStage(model: string, stage: string): Promise<ModelVersion | null>
  /** Registers a new version; makes the model when it is not there. Not idempotent: search first. Throws `Refused` in its words. */
  register(input: {
    model: string
    source: string
    runId: string | null
    tags: Record<string, string>
    workspace?: string | null
  }): Promise<ModelVersion>
}
