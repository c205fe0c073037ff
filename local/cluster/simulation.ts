/**
 * How simulated containers behave: the file `simulation.json` in the folder that the container's `INPUT_URI` names (beside
 * it, when that is a file). It is read when the pod starts. Every field may be left out; a field that is not as described
 * here is left out too, and the pod's log says so.
 */
export interface Simulation {
  /** Minutes until a Job's container ends. */
  minutes?: number
  /** What a Job's container ends with; 0 unless told (137 with the reason `OOMKilled`). A serving one crashes with it, again and again. */
  exitCode?: number
  /** Reason of a container that ended badly: `OOMKilled`, or what a kubelet would say. */
  reason?: string
  /** `fail`: the image cannot be pulled. */
  imagePull?: 'fail'
  /** Lines that the container prints before it ends; one that serves prints them at its start. */
  logs?: string[]
  /** What a Job writes as result.json: this object, this text as it is, or nothing (`null`). */
  result?: Record<string, unknown> | string | null
  /** `true`: a Job leaves its result as its termination message, and writes no file at all. */
  message?: boolean
  /** Measured numbers of the result that is written otherwise; they replace the usual ones. */
  metrics?: Record<string, number>
  /** What the result that is written otherwise says it made, by name, in place of the usual: `["adapter"]`. */
  artifacts?: string[]
  /** A Secret that the container names and that is not there. */
  secretMissing?: string
  /** Of what serves and KEDA scales: how many requests there are in all, from so many minutes on after that was begun: `[[0, 2], [30, 12]]`. */
  load?: Load
  /** `false`: a serving container never gets ready. */
  healthy?: boolean
  /** Minutes until a serving container is ready, or crashes. */
  loadMinutes?: number
  /** The first pod's node is lost: half-way through a Job, or a minute after a serving pod is ready. */
  nodeLost?: boolean
  /** Other values for containers with this `SIGNALBOX_TASK`. */
  tasks?: Record<string, Behaviour>
  /** Other values for the pod of this number (`0`, `1`) of an Indexed Job. */
  ranks?: Record<string, Behaviour>
}

/** Minutes, and requests that wait from then on. */
export type Load = [number, number][]

/** What one container does. */
export type Behaviour = Omit<Simulation, 'tasks' | 'ranks'>

export const SIMULATION_FILE = 'simulation.json'
/** Largest file that is read, in bytes. */
export const SIMULATION_LIMIT = 256 * 1024

export interface ParsedSimulation {
  simulation: Simulation
  /** A sentence for each thing that was left out. */
  problems: string[]
}

type Field = Exclude<keyof Simulation, 'tasks' | 'ranks'>

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isMinutes = (value: unknown): boolean => typeof value === 'number' && value >= 0 && value <= 60 * 24 * 365
const isWaiting = (value: unknown): boolean => typeof value === 'number' && value >= 0 && value <= 1e6
const isText = (value: unknown): boolean => typeof value === 'string' && value.length <= 10_000
const isFlag = (value: unknown): boolean => typeof value === 'boolean'

/** What each field must be, in code and in words. */
const FIELDS: Record<Field, [(value: unknown) => boolean, string]> = {
  minutes: [isMinutes, 'a number of minutes, 0 or more'],
  loadMinutes: [isMinutes, 'a number of minutes, 0 or more'],
  exitCode: [
    (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 255,
    'a whole number from 0 to 255',
  ],
  reason: [isText, 'a text'],
  imagePull: [(value) => value === 'fail', '"fail"'],
  secretMissing: [isText, 'a text'],
  logs: [
    (value) => Array.isArray(value) && value.length <= 1000 && value.every(isText),
    'a list of at most 1000 lines',
  ],
  result: [(value) => value === null || isObject(value) || typeof value === 'string', 'an object, a text or null'],
  message: [isFlag, 'true or false'],
  metrics: [(value) => isObject(value) && Object.values(value).every(Number.isFinite), 'an object of numbers'],
  artifacts: [
    (value) =>
      Array.isArray(value) && value.length <= 20 && value.every((one) => isText(one) && /^[\w.-]+$/.test(String(one))),
    'a list of at most 20 names',
  ],
  load: [
    (value) =>
      Array.isArray(value) &&
      value.length <= 100 &&
      value.every((one) => Array.isArray(one) && one.length === 2 && isMinutes(one[0]) && isWaiting(one[1])),
    'a list of at most 100 pairs `[minutes, requests that wait]`',
  ],
  healthy: [isFlag, 'true or false'],
  nodeLost: [isFlag, 'true or false'],
}

/** Reads a `simulation.json`. Never throws: what cannot be used is left out and told. */
export const parseSimulation = (bytes: Uint8Array): ParsedSimulation => {
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return { simulation: {}, problems: [`${SIMULATION_FILE} is not JSON: it is left out`] }
  }
  if (!isObject(json)) return { simulation: {}, problems: [`${SIMULATION_FILE} is not a JSON object: it is left out`] }
  const { tasks, ranks, ...top } = json
  const problems: string[] = []
  const simulation: Simulation = usable(top, '', problems)
  for (const [field, given] of Object.entries({ tasks, ranks }) as ['tasks' | 'ranks', unknown][])
    if (isObject(given))
      simulation[field] = Object.fromEntries(
        Object.entries(given).map(([key, inner]) => [key, usable(inner, `${field}.${key}.`, problems)]),
      )
    else if (given !== undefined) problems.push(`${SIMULATION_FILE}: \`${field}\` must be an object: it is left out`)
  return { simulation, problems }
}

/** The behaviour of a container with this task, in the pod of this number where its Job has several at once. */
export const behaviourOf = ({ tasks = {}, ranks = {}, ...rest }: Simulation, task: string, rank = ''): Behaviour => ({
  ...rest,
  ...(Object.hasOwn(tasks, task) ? tasks[task] : {}),
  ...(Object.hasOwn(ranks, rank) ? ranks[rank] : {}),
})

const usable = (given: unknown, path: string, problems: string[]): Behaviour => {
  if (!isObject(given)) {
    problems.push(`${SIMULATION_FILE}: \`${path.slice(0, -1)}\` must be an object: it is left out`)
    return {}
  }
  const kept = Object.entries(given).filter(([field, value]) => {
    const known = Object.hasOwn(FIELDS, field) ? FIELDS[field as Field] : undefined
    if (known?.[0](value)) return true
    const why = known === undefined ? 'is not known' : `must be ${known[1]}`
    problems.push(`${SIMULATION_FILE}: \`${path}${field}\` ${why}: it is left out`)
    return false
  })
  return Object.fromEntries(kept)
}
