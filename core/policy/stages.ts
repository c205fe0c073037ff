import * as z from 'zod/mini'
import { filled } from '../../events/input.ts'
import { variableOf } from '../workloads/pod-environment.ts'
import { newest, PRESETS } from '../workloads/presets.ts'
import { count, countOrNone, hours, image, manifest, matching, name, ownName, within } from './fields.ts'
import { gangWrongs, withoutGpusWrongs } from './gang.ts'
import { gate } from './gates.ts'
import {
  containerWrongs,
  endWrongs,
  ofInputs,
  ofRanks,
  ofStages,
  reservedIn,
  SAID_OF_STAGES,
  type Wrong,
} from './ours.ts'
import { type PodPatch, pod } from './pod.ts'
import { stageRunner } from './runner.ts'
import { secrets, variable } from './variables.ts'

/** The longest name of a stage that the name of its Job has room for. */
const STAGE = /^[a-z]([a-z0-9-]{0,12}[a-z0-9])?$/

/** Bytes that one stage, and all of a pipeline, may have. */
const [ONE, ALL] = [12_000, 64_000]

/** Steps that a plan has besides its stages: no stage may be taken for one of them. */
const OURS = /^(judge-.*|register|notify)$/

const stageName = matching(
  STAGE,
  'name a stage with lower-case letters, digits and dashes between them, at most 14: it is part of its Job’s name',
).check(
  z.refine(
    (name) => !OURS.test(name),
    'a plan has steps of its own called `judge-…`, `register` and `notify`: use another name',
  ),
  z.refine(
    (name) => ofStages(`${variableOf(name)}_URI`) === null,
    'later stages would be told of it by a variable that is ours, such as `RESULTS_URI`: use another name',
  ),
  ownName,
)
/** Variables that are ours, wherever a stage says them. */
const variableWrongs = (
  {
    env,
    secrets,
    pod,
    nodes,
    ...named
  }: Named & { env: object; secrets: object; pod?: PodPatch | undefined; nodes?: number | undefined },
  of: (variable: string) => string | null,
): Wrong[] => {
  const reserved = (variable: string): string | null => of(variable) ?? ofRanks(variable, nodes)
  return [
    ...reservedIn('env', env, { reserved }),
    ...reservedIn('secrets', secrets, { reserved }),
    ...containerWrongs(pod, { container: nameOfStage(named), said: SAID_OF_STAGES, reserved }),
  ]
}

/** One variable has one value. */
const saidTwice = ({ env, secrets }: { env: object; secrets: object }): Wrong[] =>
  Object.keys(secrets)
    .filter((variable) => Object.hasOwn(env, variable))
    .map((variable) => ({
      path: ['secrets', variable],
      message: `\`env\` says \`${variable}\` too, and a variable has one value: leave it out of one of them`,
    }))

/** Variables that tell of the stages that it reads; what else is ours is said of the stage alone. */
const inputWrongs = (stage: Parameters<typeof variableWrongs>[0], reads: readonly string[]): Wrong[] =>
  variableWrongs({ ...stage, nodes: 1 }, (variable) => ofInputs(variable, reads)).filter(
    ({ path }) => !['env', ...Object.keys(SAID_OF_STAGES)].includes(String(path.at(-1))),
  )

/** That a config may leave it out where a manifest says it: what is validated has it. */
type Brought<T> = z.ZodMiniType<T, T | undefined> & { _zod: { optin: 'optional' } }

/** One stage of a pipeline: a container that runs once, on the GPUs of one node or of several, or on a node without any, and leaves a result. */
export const stage = z
  .strictObject({
    /** Name of the stage, part of its Job’s name; where a preset is used it may be left out and is the preset’s. */
    name: z.optional(stageName),
    /** A preset: data that fills in the command and variables. What is written here wins over it. */
    use: z.optional(z.enum(Object.keys(PRESETS) as [keyof typeof PRESETS])),
    /** The model that is begun from, told to the container as BASE_MODEL; later stages are told it too. */
    model: z.optional(filled.check(z.maxLength(300, 'a model has at most 300 characters'))),
    /**
     * A file beside the policy with a Job of Kubernetes (`batch/v1`), or a JobSet of one group of pods, in place of `image`, `command`, `args`, `env`, `secrets`, `gpus`, `nodes` and `pod`, which it says: its pod is run as a stage’s, and `gpus` and `nodes` are those of
     * its pods. Its container is the only one, or the one called as the stage. What is ours (names, labels, account, tries, deadline) it leaves out ([bring-your-manifest.md](bring-your-manifest.md)).
     */
    manifest: z.optional(manifest),
    /** The container: by digest, or by a tag, whose digest `npx signalbox pin` looks up and keeps in the lock file beside the policy. Needed where no `manifest` says it. */
    image: image as Brought<string>,
    /** What is run in it; left out: the preset’s, or the image’s own. Kubernetes puts what `$(NAME)` says into it as text: who uploads names the folder in `INPUT_URI`, so what a shell runs says `"$INPUT_URI"`, with its quotes. */
    command: z.optional(z.array(z.string()).check(z.minLength(1))),
    /** Arguments; they follow the command. */
    args: z._default(z.array(z.string()), []),
    /**
     * That `signalbox-run` goes before its command, so that the program knows neither S3 nor Signalbox: it finds its inputs in `/signalbox/in`, what it leaves in `/signalbox/out` is its result, and what it saves in `/signalbox/checkpoints`
     * another pod goes on from ([runner.md](runner.md)). Where the program comes from, `runner` of the whole config says. Left out: its image does all of that.
     */
    runner: z.optional(stageRunner),
    /** Variables of the container, by name; those that we set (`RESULTS_URI`, `INPUT_…`, `GPUS`, …) are not for a stage to say. */
    env: z._default(z.record(variable, z.string()), {}),
    /** Variables from Kubernetes Secrets of the training namespace, by name. */
    secrets: z._default(secrets, {}),
    /** Pool that it runs on. */
    pool: name,
    /**
     * Nodes that it runs on at once, a pod each: a gang that begins whole or not at all, of which one that fails ends all. `gpus` is then all that
     * one node of its pool has, and its price, its bound and what is held are those of all of them. Each pod is told how many there are (`NNODES`), which it is (`NODE_RANK`)
     * and where the first one is (`MASTER_ADDR`, `MASTER_PORT`), and torchrun the same by its own variables. Left out: 1.
     */
    nodes: z.optional(
      z
        .int()
        .check(z.minimum(1, 'write 1 or more'), z.maximum(64, 'write 64 or fewer: a gang of more has not been tried')),
    ),
    /** GPUs of each of its pods: it has one, or one a node. For each GPU it asks for 3 CPUs, 12 GiB of memory and 10 GiB of its node’s disk (of disk for none where Kueue lends the pool), and has 20 GiB of scratch at `/signalbox/scratch`, which `SIGNALBOX_SCRATCH` names; `pod` may say other. 0: it needs none, and runs on a pool without GPUs, of which it has one node to itself, with the room that one GPU would ask for at least. Needed where no `manifest` says it. */
    gpus: countOrNone as Brought<number>,
    /** GiB of memory that each of its GPUs, or its slice of one, has to have. A pool that has less is refused. Left out: nobody looks. */
    gpuMemory: z.optional(count),
    /** How long it takes, hours: as a rule, and in the bad case that is held and priced. Once three runs of it are known a plan says what they took as a rule in place of the first; the second is never learned. */
    hours,
    /** Names of earlier stages whose results it reads; left out: the stage before it. */
    inputs: z.optional(z.array(stageName)),
    /** What its result must be before anything after it is done; judged anew each time. */
    gates: z._default(z.array(gate), []),
    /**
     * Whether the rung `suspend-preemptible` of a budget’s ladder may suspend it, for as long as that is in force. Its pod is told to end and has its `terminationGracePeriodSeconds` to save
     * what it has ([how it is asked to](runner.md#how-it-ends)); afterwards another one begins, and its hours count on: say so of a program that goes on from what it saved. Where Kueue lends the pool that is done by its Workload, and afterwards it waits in its queue again.
     */
    preemptible: z._default(z.boolean(), false),
    /** A strategic-merge patch onto its pod, as Kubernetes has pod specs, within Pod Security `baseline`; tolerations are added to ours, and what a probe or a hook does takes the place of ours; its container has the stage’s name, and its image, command and arguments are said beside it. */
    pod: z.optional(pod),
  })
  .check(
    z.refine(({ name, use }) => name !== undefined || use !== undefined, 'give the stage a `name`, or `use` a preset'),
    within(ONE, `a stage has at most ${ONE} bytes in all: put what is longer into its image`),
    z.superRefine(({ use, model }, context) => {
      if (use !== undefined && model === undefined && newest(use).needsModel)
        context.addIssue({ code: 'custom', path: ['model'], message: `\`${use}\` begins from a model: name it` })
    }),
    z.superRefine((value, context) => {
      const wrongs = [
        ...variableWrongs(value, ofStages),
        ...saidTwice(value),
        ...endWrongs(value, value.hours),
        ...gangWrongs(value),
        ...withoutGpusWrongs(value),
      ]
      for (const { path, message } of wrongs) context.addIssue({ code: 'custom', path, message })
    }),
  )

/** The name that a stage goes by. */
export const nameOfStage = ({ name, use }: Named): string => name ?? use ?? ''

/** Nodes that a stage runs on at once. */
export const nodesOfStage = ({ nodes = 1 }: { nodes?: number | undefined }): number => nodes

/** What one of its pods takes of its pool: its GPUs; where it needs none the node that it has to itself. */
export const takenByPod = ({ gpus }: { gpus: number }): number => (gpus === 0 ? 1 : gpus)

/** The model that a stage is told to begin from: its own, or the last one that a stage before it names; null: none is. */
export const modelToldTo = (all: readonly (Named & { model?: string | undefined })[], name: string): string | null =>
  all.slice(0, all.findIndex((one) => nameOfStage(one) === name) + 1).findLast(({ model }) => model !== undefined)
    ?.model ?? null

/** What of a stage says what it reads. */
type Reads = Named & { inputs?: readonly string[] | undefined }

/** Names of the stages whose results each reads, in their order. */
export const readsOf = (all: readonly Reads[]): string[][] =>
  all.map(({ inputs }, index) => [...(inputs ?? all.slice(0, index).slice(-1).map(nameOfStage))])

/** Names of the stages whose results a gate judges: its own, and what that one was made from, directly or through others. */
export const measuredOf = (all: readonly (Reads & { gates: readonly unknown[] })[]): Set<string> => {
  const measured = new Set<string>()
  const reads = readsOf(all)
  for (const [index, one] of [...all.entries()].reverse()) {
    const name = nameOfStage(one)
    if (one.gates.length === 0 && !measured.has(name)) continue
    for (const each of [name, ...(reads[index] ?? [])]) measured.add(each)
  }
  return measured
}

interface Named {
  name?: string | undefined
  use?: string | undefined
}

/** Most stages of one pipeline. */
const MOST = 24

/** Stages in their order: each has a name of its own and reads what comes before it. */
export const stages = z.array(stage).check(
  z.minLength(1),
  z.maxLength(MOST),
  within(ALL, `the stages of a pipeline have at most ${ALL} bytes in all: put what is longer into their images`),
  z.superRefine((all, context) => {
    const [names, reads] = [all.map(nameOfStage), readsOf(all)]
    for (const [index, one] of all.entries()) {
      const { inputs = [] } = one
      const before = names.slice(0, index)
      const own = names[index] ?? ''
      if (before.includes(own))
        context.addIssue({
          code: 'custom',
          path: [index, 'name'],
          message: `two stages are called \`${own}\`: give each a \`name\` of its own`,
        })
      const like = names.find((other) => own === `${other}-result` || other === `${own}-result`)
      if (like !== undefined && before.includes(like))
        context.addIssue({
          code: 'custom',
          path: [index, 'name'],
          message: `later stages would be told of it and of \`${like}\` by variables of one name: use another name`,
        })
      const rank = names.find(
        (other, at) =>
          nodesOfStage(all[at] ?? {}) > 1 && own.startsWith(`${other}-`) && /^\d+$/.test(own.slice(other.length + 1)),
      )
      if (rank !== undefined)
        context.addIssue({
          code: 'custom',
          path: [index, 'name'],
          message: `a pod of \`${rank}\`, which runs on several nodes, is called like one of it: use another name`,
        })
      const unknown = inputs.find((input) => !before.includes(input))
      if (unknown !== undefined)
        context.addIssue({
          code: 'custom',
          path: [index, 'inputs'],
          message: `no stage before it is called \`${unknown}\`: it is one of ${before.join(', ') || 'none, it is the first'}`,
        })
      for (const { path, message } of inputWrongs(one, reads[index] ?? []))
        context.addIssue({ code: 'custom', path: [index, ...path], message })
    }
  }),
)
