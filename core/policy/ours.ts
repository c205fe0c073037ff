import { graceOfStage } from '../workloads/draining.ts'
import { ENGINE_ENV, variableOf } from '../workloads/pod-environment.ts'
import type { PodPatch } from './pod.ts'
import { shown } from './shown.ts'

/** What may not be written here: where, and what to write instead. */
export interface Wrong {
  path: (string | number)[]
  message: string
}

/** What a patch is merged onto: the container of ours, and what of it is not for a patch to say. */
export interface Ours {
  container: string
  /** Keys of it that the plan, its card and its judgements are made from, each with where to say it. */
  said: Readonly<Record<string, string>>
  /** Why a variable is ours, in a sentence; null: it is not. */
  reserved(variable: string): string | null
}

/** Why a variable of a stage is not the stage's to say; null: it is. */
export const ofStages = (variable: string): string | null => {
  if (variable === DEVICES) return ALL_DEVICES
  if (variable === 'BASE_MODEL') return 'it is ours: say `model`'
  if (variable === 'GPUS') return 'it is ours: say `gpus`'
  if (RUNNER_SETTINGS.has(variable)) return null
  return /^(SIGNALBOX_.*|INPUT_.*|JOB_NAME|POD_NAME|RESULTS_URI)$/.test(variable) ? OURS : null
}

/** What `signalbox-run` lets a stage say of how it saves (docs/runner.md): it is the stage’s own to say, and a card has it as any other. */
export const RUNNER_SETTINGS: ReadonlySet<string> = new Set([
  'SIGNALBOX_CHECKPOINT_MARKER',
  'SIGNALBOX_CHECKPOINT_SECONDS',
  'SIGNALBOX_CHECKPOINT_SETTLE',
  'SIGNALBOX_PARTS',
  'SIGNALBOX_PATIENCE',
  'SIGNALBOX_SAVE_SECONDS',
  'SIGNALBOX_STEP',
  'SIGNALBOX_SYNC',
])

/** Why a variable is not for a stage to say that runs on so many nodes; null: it is. */
export const ofRanks = (variable: string, nodes = 1): string | null =>
  nodes > 1 && RANKS.has(variable) ? 'it is ours of a stage on several nodes: say `nodes`, and leave it out' : null

/** By these its pods find each other; which port that is, and how many processes a pod starts, a stage may say. */
const RANKS: ReadonlySet<string> = new Set([
  ...['NNODES', 'NODE_RANK', 'MASTER_ADDR', 'JOB_COMPLETION_INDEX'],
  ...['PET_NNODES', 'PET_NODE_RANK', 'PET_MASTER_ADDR'],
])

/** Why a variable is not for a stage to say that reads these; null: it is. */
export const ofInputs = (variable: string, reads: readonly string[]): string | null => {
  const read = reads.find((stage) => TOLD.some((end) => variable === `${variableOf(stage)}_${end}`))
  return read === undefined ? null : `it tells what \`${read}\` made, which this stage reads: use another name`
}

/** Why a variable of what serves is not for a service of this engine to say; null: it is. Its HOME may be another, which `pod` says. */
export const ofServices = (variable: string, engine: keyof typeof ENGINE_ENV = 'vllm'): string | null => {
  if (OF_WEIGHTS.has(variable)) return ELSEWHERE
  if (variable === DEVICES) return ALL_DEVICES
  if (variable === 'VLLM_API_KEY') return KEYLESS
  if (Object.hasOwn(ENGINE_ENV[engine], variable)) return OF_ENGINES
  return /^(SIGNALBOX_.*|INPUT_URI)$/.test(variable) ? OURS : null
}

/** The same of a variable that a Secret says: those stand beside ours, and one variable has one value. */
export const ofServiceSecrets = (variable: string, engine: keyof typeof ENGINE_ENV): string | null =>
  variable === 'HOME' ? HOMES : ofServices(variable, engine)

/** Keys of the container of ours that a stage says itself. */
export const SAID_OF_STAGES = {
  image: 'say `image` of the stage, beside `pod`',
  command: 'say `command` of the stage, beside `pod`',
  args: 'say `args` of the stage, beside `pod`: these would take the place of all of them',
}

/** The same of a service: its engine's arguments are judged, and name the weights that its card shows. */
export const SAID_OF_SERVICES = {
  image: 'say `image` of the service, beside `pod`',
  command: 'the image’s own program loads the weights that its card shows: leave it out',
  args: 'these would take the place of the weights that its card shows, and of all that its engine is told: say `args` of the service, beside `pod`',
}

const KEYLESS =
  'its gate asks without a key, and would be answered nothing: leave it out, and say by a NetworkPolicy who may reach it'

const OF_ENGINES = 'it is ours: an engine of this kind does not serve without our value. Leave it out'

const HOMES =
  'it is ours, and a variable has one value: where the home lies elsewhere, say it by `env` of its container in `pod`'

const ELSEWHERE = 'weights would come from elsewhere than its card says: leave it out, and register where they are'

/** Variables by which an engine, or a client in it, fetches from another place what it is told to serve, or lets who asks it change that. */
const OF_WEIGHTS: ReadonlySet<string> = new Set([
  'VLLM_MODEL_REDIRECT_PATH',
  'VLLM_USE_MODELSCOPE',
  'VLLM_ALLOW_RUNTIME_LORA_UPDATING',
  'VLLM_SERVER_DEV_MODE',
  'SGLANG_USE_MODELSCOPE',
  'HF_ENDPOINT',
  'AWS_ENDPOINT_URL',
  'AWS_ENDPOINT_URL_S3',
  'RUNAI_STREAMER_S3_ENDPOINT',
])

/** A device plug-in tells a container by it which GPUs are its own, and a container that says it sees all of its node. */
const DEVICES = 'NVIDIA_VISIBLE_DEVICES'
const ALL_DEVICES = 'it would see GPUs that others hold: say how many are its own where the pool is named'

const OURS = 'it is ours: its pod is told by it what to work on, and where its result is looked for. Use another name'

/** What is told of each stage that is read, after its name. */
const TOLD = ['JOB', 'RESULT_URI', 'URI', 'PIN']

/** Variables of `env` or `secrets` that are ours. */
export const reservedIn = (key: string, variables: object, { reserved }: Pick<Ours, 'reserved'>): Wrong[] =>
  Object.keys(variables).flatMap((variable) => {
    const message = reserved(variable)
    return message === null ? [] : [{ path: [key, variable], message }]
  })

/** What a patch says of the container of ours that would take from it what it needs, and containers that nothing runs. */
export const containerWrongs = (patch: PodPatch | undefined, ours: Ours): Wrong[] =>
  listOf(patch?.containers).flatMap((one, index) => {
    const path = ['pod', 'containers', index]
    if (one['name'] === ours.container) return ownWrongs(one, path, ours)
    return one['image'] !== undefined || typeof one['name'] !== 'string'
      ? []
      : [{ path: [...path, 'image'], message: `is missing: our container is called \`${ours.container}\`` }]
  })

const ownWrongs = (one: Record<string, unknown>, path: Wrong['path'], ours: Ours): Wrong[] => [
  ...Object.entries(ours.said).flatMap(([key, message]) =>
    // Null would take it away; no image is never taken away, and `pod` has a sentence for that.
    one[key] === undefined || (key === 'image' && one[key] === null) ? [] : [{ path: [...path, key], message }],
  ),
  ...variableWrongs(one, path, ours),
]

const variableWrongs = (one: Record<string, unknown>, path: Wrong['path'], { reserved }: Ours): Wrong[] => {
  if (one['env'] === null)
    return [{ path: [...path, 'env'], message: 'our variables are among them: name those that are other' }]
  return listOf(one['env']).flatMap(({ name }, index) => {
    const message = typeof name === 'string' ? reserved(name) : null
    return message === null ? [] : [{ path: [...path, 'env', index, 'name'], message }]
  })
}

/** What is a list of maps; other shapes have a sentence of their own. */
const listOf = (value: unknown): Record<string, unknown>[] =>
  Array.isArray(value) ? value.map((one) => (typeof one === 'object' && one !== null ? one : {})) : []

/** What says of a stage how long it has to end, and how much of that to save before it is told to. */
export interface Ending {
  env: Readonly<Record<string, string>>
  pod?: PodPatch | undefined
  runner?: object | undefined
}

/** What of that cannot be, with these hours. */
export const endWrongs = (stage: Ending, hours: { p95: number }): Wrong[] => [
  ...stageGrace(stage.pod, hours),
  ...saveWrongs(stage, hours),
]

/** A pod of a stage that has so long to end that its bound would lie before its beginning. */
const stageGrace = (patch: PodPatch | undefined, hours: { p95: number }): Wrong[] => {
  const [grace, most] = [patch?.terminationGracePeriodSeconds, Math.floor((hours.p95 * 3600) / 2)]
  if (typeof grace !== 'number' || (grace >= 0 && grace <= most)) return []
  const message = `it has at most half of its bad case to end, since what is priced ends it in time: write 0 to ${most}, or raise hours.p95`
  return [{ path: ['pod', 'terminationGracePeriodSeconds'], message }]
}

/** A stage that `signalbox-run` would end before it begins, since it has less to end than it asks for to save. */
const saveWrongs = ({ env, pod, runner }: Ending, hours: { p95: number }): Wrong[] => {
  const said = env['SIGNALBOX_SAVE_SECONDS']
  if (runner === undefined || said === undefined) return []
  const grace = pod?.terminationGracePeriodSeconds ?? graceOfStage({ hours })
  const most = Math.floor(grace / 2)
  if (/^\d+(\.\d+)?$/.test(said) && Number(said) <= most) return []
  const message = `found ${shown(said)}, and its pod has ${grace} s to end, of which half are to save before it is told by SIGTERM: write seconds from 0 to ${most}, or give it more by \`pod.terminationGracePeriodSeconds\``
  return [{ path: ['env', 'SIGNALBOX_SAVE_SECONDS'], message }]
}

/** A pod that serves and would be killed while it answers. */
export const servingGraceWrong = (patch: PodPatch | undefined, least: number): Wrong[] => {
  const grace = patch?.terminationGracePeriodSeconds
  if (typeof grace !== 'number' || grace >= least) return []
  const message = `requests in flight would be cut off: write ${least} or more, or leave it out`
  return [{ path: ['pod', 'terminationGracePeriodSeconds'], message }]
}
