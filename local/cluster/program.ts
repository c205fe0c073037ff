import { label } from '../../core/names.ts'
import { TASK } from '../../core/workloads/gate-check.ts'
import { PRESETS } from '../../core/workloads/presets.ts'
import { SERVING_TASK } from '../../core/workloads/serving.ts'
import { type Objects, TooLarge } from '../../flows/ports.ts'
import { type LeftReport, reportOf } from './drift-report.ts'
import { environmentOf, playedContainer, s3Location } from './environment.ts'
import {
  type Behaviour,
  behaviourOf,
  type Load,
  type ParsedSimulation,
  parseSimulation,
  SIMULATION_FILE,
  SIMULATION_LIMIT,
  type Simulation,
} from './simulation.ts'
import type { Job, Pod } from './wire.ts'

/** On a Job or its pods: how many minutes it takes unless its `simulation.json` says. */
export const MINUTES_ANNOTATION = label('simulated-minutes')
export const JOB_NAME_LABEL = 'batch.kubernetes.io/job-name'

const JOB_MINUTES = 10
const LOAD_MINUTES = 3
const MINUTE = 60_000

/** What a pod's container will do, settled when it starts. Times are milliseconds from then. */
export interface Program {
  imagePull: boolean
  /** Who asks what serves, for what scales it; left out: nothing says so. */
  load?: Load
  /** A Secret that it names and that is not there, or null. Left out of what earlier releases settled. */
  secretMissing?: string | null
  /** Null while it serves. */
  endsAfter: number | null
  /** Null when it never gets ready. */
  readyAfter: number | null
  /** Null when its node stays. */
  lostAfter: number | null
  exitCode: number
  reason: string
  logs: string[]
  endLogs: string[]
  /** `made`: keys of what it has made, which lie there before the result names them; `report`: what a monitor leaves where drift is heard of. */
  result: { bucket: string; key: string; text: string; made: string[]; report?: LeftReport } | null
  /** What it leaves in place of a file, for the kubelet to keep; null: nothing. */
  message: string | null
}

/** Reads what lies beside the pod's input: the dataset, what a monitor samples, or the version of a model that it runs on. */
export const readSimulation = async (objects: Pick<Objects, 'read'>, pod: Pod): Promise<ParsedSimulation> => {
  const { INPUT_URI, CURRENT, INPUT_MODEL_URI } = environmentOf(pod, playedContainer(pod))
  for (const { bucket, key } of besides(INPUT_URI ?? CURRENT ?? INPUT_MODEL_URI)) {
    const found = await readSmall(objects, bucket, key)
    if (found === 'too large')
      return {
        simulation: {},
        problems: [`${SIMULATION_FILE} is larger than ${SIMULATION_LIMIT} bytes: it is left out`],
      }
    if (found !== null) return parseSimulation(found)
  }
  return { simulation: {}, problems: [] }
}

/** The folder that is named; or, without a slash at the end, first the folder of that name and then the one it lies in. */
const besides = (uri: string | undefined): { bucket: string; key: string }[] => {
  const at = s3Location(uri)
  if (at === null) return []
  const folder = at.key.slice(0, at.key.lastIndexOf('/') + 1)
  const keys = at.key === folder ? [folder] : [`${at.key}/`, folder]
  return keys.map((key) => ({ bucket: at.bucket, key: `${key}${SIMULATION_FILE}` }))
}

const readSmall = async (
  objects: Pick<Objects, 'read'>,
  bucket: string,
  key: string,
): Promise<Uint8Array | null | 'too large'> => {
  try {
    return (await objects.read(bucket, key, SIMULATION_LIMIT))?.bytes ?? null
  } catch (error) {
    if (error instanceof TooLarge) return 'too large'
    throw error
  }
}

/** What the container does. `first`: no pod of its controller has lost its node yet. */
export const programOf = (input: { pod: Pod; job: Job | null; parsed: ParsedSimulation; first: boolean }): Program => {
  const { pod, job, parsed } = input
  const env = environmentOf(pod, playedContainer(pod))
  const task = env['SIGNALBOX_TASK'] ?? ''
  const how = behaviourOf(parsed.simulation, task, env['NODE_RANK'])
  const lost = how.nodeLost === true && input.first
  const usual = {
    imagePull: how.imagePull !== 'fail',
    secretMissing: how.secretMissing ?? null,
    logs: [
      ...parsed.problems,
      ...notItsOwn(parsed.simulation, task),
      `${task || 'container'} started with ${env['INPUT_URI'] ?? 'no input'}`,
    ],
    endLogs: how.logs ?? [],
  }
  if ((pod.spec?.restartPolicy ?? 'Always') === 'Always')
    return {
      ...usual,
      ...serving(how, lost),
      ...(how.load && { load: how.load }),
      logs: [...usual.logs, ...usual.endLogs],
    }
  const takes = how.minutes ?? annotatedMinutes(pod, job)
  return {
    ...usual,
    ...ending(how, env, pod),
    readyAfter: 0,
    endsAfter: takes * MINUTE,
    lostAfter: lost ? (takes / 2) * MINUTE : null,
  }
}

/** Tasks that containers of ours have besides what stages without a preset are called. */
const TASKS: readonly string[] = [...Object.keys(PRESETS), SERVING_TASK, TASK]

/** Who says how a task behaves that no container has changes nothing: each that is told nothing says whom it might have meant. */
const notItsOwn = ({ tasks = {} }: Simulation, task: string): string[] => {
  const others = Object.keys(tasks).filter((name) => name !== task && !TASKS.includes(name))
  if (others.length === 0 || Object.hasOwn(tasks, task)) return []
  return [
    `${SIMULATION_FILE}: \`tasks\` says nothing of \`${task}\`, which this container is, and something of ${others.map((name) => `\`${name}\``).join(', ')}: a task is a preset, the name of a stage without one, ${SERVING_TASK} or ${TASK}`,
  ]
}

/** What serves goes on for as long as it does not crash. */
const serving = (how: Behaviour, lost: boolean): Omit<Program, 'imagePull' | 'secretMissing' | 'logs' | 'endLogs'> => {
  const loaded = (how.loadMinutes ?? LOAD_MINUTES) * MINUTE
  const exit = exitOf(how)
  const crashes = exit.exitCode !== 0
  return {
    ...exit,
    result: null,
    message: null,
    endsAfter: crashes ? loaded : null,
    readyAfter: crashes || how.healthy === false ? null : loaded,
    lostAfter: lost ? loaded + MINUTE : null,
  }
}

const exitOf = (how: Behaviour): Pick<Program, 'exitCode' | 'reason'> => {
  const exitCode = how.exitCode ?? (how.reason === 'OOMKilled' ? 137 : 0)
  return { exitCode, reason: how.reason ?? (exitCode === 0 ? 'Completed' : 'Error') }
}

const ending = (
  how: Behaviour,
  env: Record<string, string>,
  pod: Pod,
): Pick<Program, 'exitCode' | 'reason' | 'result' | 'message'> => {
  const { exitCode, reason } = exitOf(how)
  const result = exitCode === 0 ? resultOf(env, pod, how) : null
  return how.message === true
    ? { exitCode, reason, result: null, message: result?.text.slice(0, MESSAGE) ?? null }
    : { exitCode, reason, result, message: null }
}

/** What a kubelet keeps of a termination message. */
const MESSAGE = 4096

const annotatedMinutes = (pod: Pod, job: Job | null): number => {
  const said = pod.metadata.annotations?.[MINUTES_ANNOTATION] ?? job?.metadata.annotations?.[MINUTES_ANNOTATION]
  const minutes = Number(said ?? JOB_MINUTES)
  return Number.isFinite(minutes) && minutes >= 0 ? minutes : JOB_MINUTES
}

/** What is written last, to `$RESULTS_URI/$POD_NAME/result.json`; a Job of an earlier release tells no pod its name. */
const resultOf = (env: Record<string, string>, pod: Pod, how: Behaviour): Program['result'] => {
  const at = s3Location(env['RESULTS_URI'])
  const name = pod.metadata.labels?.[JOB_NAME_LABEL]
  // As `signalbox-run` has it: of several pods the first uploads.
  if (at === null || name === undefined || how.result === null || (env['NODE_RANK'] ?? '0') !== '0') return null
  const folder = [at.key.replace(/\/+$/, ''), env['POD_NAME'] ?? name].filter((part) => part !== '').join('/')
  const usual = USUAL[env['SIGNALBOX_TASK'] ?? ''] ?? OTHERS
  const metrics = how.metrics ?? usual.metrics
  const artifacts = how.artifacts?.map((one) => [one, one] as const) ?? usual.artifacts
  const result = how.result ?? {
    object: name,
    metrics,
    artifacts: Object.fromEntries(
      artifacts.map(([artifact, file]) => [artifact, `s3://${at.bucket}/${folder}/${file}`]),
    ),
  }
  const text = typeof result === 'string' ? result : JSON.stringify(result)
  const made = how.result === undefined ? artifacts.map(([, file]) => `${folder}/${file}/weights`) : []
  const report = reportOf(env, { window: name, metrics })
  return { bucket: at.bucket, key: `${folder}/result.json`, text, made, ...(report === null ? {} : { report }) }
}

interface Usual {
  metrics: Record<string, number>
  artifacts: [string, string][]
}

/** What a stage without a preset makes: something that can be registered, which nobody has measured. */
const OTHERS: Usual = { metrics: {}, artifacts: [['model', 'model']] }

/** Numbers that a task's container says by itself. */
export const metricsOf = (task: string): Readonly<Record<string, number>> => (USUAL[task] ?? OTHERS).metrics

/** What a task measures and makes when nobody says otherwise. */
const USUAL: Record<string, Usual> = {
  'fine-tune': { metrics: { train_loss: 0.82 }, artifacts: [['model', 'model']] },
  'pre-train': { metrics: { train_loss: 2.1 }, artifacts: [['model', 'model']] },
  evaluate: { metrics: { score: 0.87 }, artifacts: [] },
  preprocess: { metrics: { rows_train: 9_800, rows_test: 200 }, artifacts: [['dataset', 'dataset']] },
  merge: { metrics: { merged: 1 }, artifacts: [['model', 'model']] },
  quantize: { metrics: { gib: 4.2 }, artifacts: [['model', 'model']] },
  benchmark: { metrics: {}, artifacts: [] },
  scan: { metrics: { jailbreak_asr: 0.04, injection_asr: 0.06, leakage_asr: 0, toxicity_asr: 0.01 }, artifacts: [] },
  'drift-monitor': { metrics: { drifted: 0, drifted_columns: 0, drifted_share: 0, new_window: 1 }, artifacts: [] },
  'batch-infer': { metrics: {}, artifacts: [['answers.jsonl', 'answers.jsonl']] },
  'gate-check': {
    metrics: { health: 1, model_listed: 1, p95_ms: 900, ttft_p95_ms: 300, error_rate: 0, golden_rate: 1 },
    artifacts: [],
  },
}
