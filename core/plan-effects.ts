/** What an approval binds: the objects (names left out), their images, what is interrupted, and the gates. */
export interface Effects {
  /** Digest of each object with names, labels and annotations of the attempt left out, with its kind and namespace. */
  objects: { kind: string; namespace: string | null; digest: string }[]
  images: string[]
  interrupts: string[]
  /** What must hold of which stage before it counts: `evaluate: score >= 0.8`. A gate loosened while a plan is asked about is another plan. */
  gates: string[]
  /** Replicas that stand in the end; null: none are moved. */
  replicas: number | null
  /** Registered models that get a new version, from which stage, and where: `support-llama from train`, `… in team-a`. */
  registers: string[]
  /** GPUs that are leased of which pool until when: `gpu-train +8 until 2026-11-24 18:00 UTC`. Left out: none are. */
  leases?: string[]
  /** Rungs that are lifted, and until when; left out: none is. */
  lifts?: string[]
  /** When it begins at the earliest, where people chose that: `2026-11-24 18:00 UTC`. Left out: at once. */
  begins?: string
  /** Names of stages, gates and registrations in their order: what is judged before what. Moves are inside of the bounds, whatever their path. */
  order: string[]
}
