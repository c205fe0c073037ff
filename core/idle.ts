/** What is known of GPUs that a Job has, from looks at a few minutes each. */
export interface Idle {
  /** Since when no look has seen any of them at work; null: one did, or could not tell. */
  since: number | null
  /** The last look. */
  at: number
  /** People were told of it, and asked: once each for as long as it lasts. */
  told?: true
  asked?: true
}

/** When GPUs that idle are told of, asked about and, where a rule says so, taken away. Milliseconds; `end` null: never. */
export interface IdleRule {
  tell: number
  ask: number
  end: number | null
}

/** What one look comes to. Nothing is concluded from series that are missing. */
export type Worked = 'idle' | 'busy' | 'unknown'

/** How far one look sees back: ten samples of DCGM's exporter, which takes one each half minute. Milliseconds. */
export const WINDOW = 5 * 60_000
/** A stage loads data, weights and compiles first. Milliseconds. */
export const WARM_UP = 15 * 60_000
/** Looks further apart than this leave a time of which nobody knows. Milliseconds. */
const GAP = 3 * WINDOW

/** The share of time in which anything was at work on a GPU, also on a part of one; and where there is none of that, whether any kernel ran. */
const ENGINE = 'DCGM_FI_PROF_GR_ENGINE_ACTIVE'
const KERNELS = 'DCGM_FI_DEV_GPU_UTIL'
/** A part of a GPU (MIG): of it `KERNELS` says nothing, or 0. */
const PART = 'GPU_I_ID'

/** Names that Kubernetes gives pods of a Job. */
const podsOf = (job: string): string => `${job}-([0-9]+-)?[a-z0-9]{5}`

/**
 * What is asked of DCGM's exporter about a Job's pods: the most that each GPU did in the window, by either metric, and by either name that
 * the pod's label has: Prometheus renames it where it sets its own.
 */
export const idleQueries = ({
  namespace,
  name,
}: {
  namespace: string
  name: string
}): { engine: string[]; kernels: string[] } => {
  const of = (metric: string): string[] =>
    ['', 'exported_'].map(
      (as) =>
        `max_over_time(${metric}{${as}namespace=${JSON.stringify(namespace)},${as}pod=~${JSON.stringify(podsOf(name))}}[${WINDOW / 1000}s])`,
    )
  return { engine: of(ENGINE), kernels: of(KERNELS) }
}

interface Series {
  labels: Readonly<Record<string, string>>
  value: number
}

/** Whether all of a Job's GPUs did nothing. Fewer series than GPUs, a number that is none, or a part of a GPU of which only its kernels are known: nobody knows. */
export const workedIn = (
  { engine, kernels }: { engine: readonly Series[]; kernels: readonly Series[] },
  gpus: number,
): Worked => {
  const whole = kernels.filter(({ labels }) => (labels[PART] ?? '') === '')
  const said = engine.length > 0 ? engine : whole
  if (said.some(({ value }) => value > 0)) return 'busy'
  return new Set(said.map(gpuOf)).size >= gpus && said.every(({ value }) => value === 0) ? 'idle' : 'unknown'
}

/** Which GPU, or part of one, a series is of, however many tell of it. */
const gpuOf = ({ labels }: Series): string => {
  const { UUID, Hostname = '', exported_instance, gpu, device, pod, exported_pod } = labels
  return [UUID ?? [Hostname, exported_instance, exported_pod ?? pod, gpu ?? device].join(), labels[PART] ?? ''].join(
    '#',
  )
}

/** What is known after another look. */
export const idleAfter = (
  known: Idle | undefined,
  worked: Worked,
  { now, from }: { now: number; from: number },
): Idle => {
  if (worked === 'busy') return { since: null, at: now }
  // Who was told of it, or asked, is not again before it has worked.
  const { since: last = null, at: before = 0, ...said } = known ?? {}
  if (worked === 'unknown') return { ...said, since: null, at: now }
  const goesOn = last !== null && now - before <= GAP
  return { ...said, since: goesOn ? last : Math.max(from, now - WINDOW), at: now }
}
