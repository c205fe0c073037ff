import * as z from 'zod/mini'
import { promotionFields } from '../promotion.ts'
import { DRAIN, servingGrace } from '../workloads/draining.ts'
import { ENGINE_NAMES, whyTooOld } from '../workloads/engine-versions.ts'
import { atMost, autoscaling, autoscalingWrongs, UNSAID } from './autoscaling.ts'
import { callers } from './callers.ts'
import { drift } from './drift.ts'
import { count, image, matching, minutes, mode, modelName, name, within } from './fields.ts'
import { check } from './gates.ts'
import {
  containerWrongs,
  ofServiceSecrets,
  ofServices,
  reservedIn,
  SAID_OF_SERVICES,
  servingGraceWrong,
} from './ours.ts'
import { pod } from './pod.ts'
import { probe, probeWrongs } from './probe.ts'
import { whyNoAddress } from './sources.ts'
import { secrets } from './variables.ts'

/** Bytes that a service may have, as many as a stage. */
const MOST = 12_000

/** What is served of a registered model: old replicas go only once the new generation has passed its gate. */
export const service = z
  .strictObject({
    /** `shadow` plans and prices real promotions and touches nothing. */
    mode,
    /** The name that it had first, however often it was renamed since: its lane keeps that one, so that what stands of it, stays its, and commands take either name. Leave it there. */
    was: z.optional(modelName),
    /** Name of the registered model; left out: the service’s own. */
    model: z.optional(modelName),
    ...promotionFields,
    /** What serves it: vLLM; SGLang or TensorRT-LLM (`trtllm-serve`), which have weights in S3 brought by `signalbox-run` before they begin, as `runner` of the whole config says. Only vLLM serves adapters. Its container is called so. */
    engine: z._default(z.enum(ENGINE_NAMES), 'vllm'),
    /** Which version of it the image has: one that is too old is refused, and flags that it does not know are not sent. Left out: the newest is meant; where the image is its makers’ own and named by a tag, that is looked at. */
    engineVersion: z.optional(
      matching(
        /^\d{1,4}\.\d{1,4}(\.\d{1,4})?(rc\d{1,3}|\.post\d{1,3})?$/,
        'write the version as its makers do, `0.18.0`',
      ),
    ),
    /** What an adapter is served on: `hf://owner/name@COMMIT`, `hf://owner/name` or `s3://…`, below what `sources` allow. Whole weights are served as they are. Left out: what the version’s tag `signalbox.dev/base` says. */
    base: z.optional(
      matching(
        /^(s3:\/\/[^/]+\/.*[^/].*|hf:\/\/[^/]+\/[^/]+)$/,
        'write where whole weights lie, `hf://owner/name@COMMIT`, `hf://owner/name` or `s3://bucket/folder/`',
      ).check(
        z.refine((value) => whyNoAddress(value) === null, { error: ({ input }) => whyNoAddress(String(input)) ?? '' }),
      ),
    ),
    /** The engine’s container: by digest, or by a tag that is pinned. */
    image,
    /** Pool that it runs on. */
    pool: name,
    /** Replicas: needed, and left out beside `autoscaling`. Of nodes that have room each goes to one with the fewest of them. */
    replicas: z._default(count, UNSAID),
    /** Between how many replicas KEDA scales it while no rollout is on its way, and by what: `{ min: 1, max: 4, on: { requests: 48 } }`. Needs `keda` of the whole config. */
    autoscaling: z.optional(autoscaling),
    /** Replicas with which it makes do while a rung of the budget’s ladder says `serving: 'floor'`: at least one, and no more than `replicas`, or `autoscaling.max`, which is no higher then. Left out: no rung scales it. */
    floor: z.optional(count),
    /** GPUs of one replica: tensor parallel within one node; of a pool that shares its GPUs 1, which is a slice. For each it asks for 3 CPUs, 12 GiB of memory and 10 GiB of its node’s disk, and for 5 GiB more where an adapter is fetched, which has no more; `pod` may say other, where an adapter has more, weights from Hugging Face lie in its home or whole ones are fetched. */
    gpusPerReplica: count,
    /** GiB of memory that each of its GPUs, or its slice of one, has to have: what its weights take, and what is to be cached beside them. A pool that has less is refused. Left out: nobody looks. */
    gpuMemory: z.optional(count),
    /** Longest context, tokens; left out: the model’s own. */
    maxModelLen: z.optional(count),
    /** Further arguments of the container. */
    args: z._default(z.array(z.string()), []),
    /** Variables of the engine from Kubernetes Secrets of the serving namespace, by name: `HF_TOKEN: { secret: 'hugging-face', key: 'token' }`. */
    secrets: z.optional(secrets),
    /** Minutes until a replica is ready, what is fetched for it included: as a rule, and in the bad case that is waited for. */
    loadMinutes: z._default(minutes, { p50: 5, p95: 15 }),
    /** Replicas that may be away during a rollout; 0 asks for surge or blue-green, more than `replicas` allows an outage. A drain of nodes takes one at a time (of a scaled service: leaves one fewer than `autoscaling.min`, or one), and of one replica none unless an outage is allowed. A spot interruption and a dead node take it all the same, and so does whoever deletes a node, after 48 hours. */
    maxUnavailable: z._default(z.int().check(z.nonnegative()), 1),
    /**
     * What becomes of what somebody changes by hand of what stands (`kubectl set image`, `scale`). `mend`: the wanted version is made anew beside
     * it, judged, and takes its place; replicas are brought back, and Services and PodDisruptionBudgets beside it set right. `tell`: all of it
     * is told and stays until a person says `retry`. Left out: as `mend`, but what was changed of the Deployment itself is told.
     */
    onEdit: z.optional(z.enum(['mend', 'tell'])),
    /** Judged against the new generation before old replicas go, by a small Job inside the cluster. */
    gate: z.strictObject({
      /** The container that asks the new generation: by digest, or by a tag that is pinned. Left out: `signalbox-run probe` asks it ([runner.md](runner.md)); where the program comes from, `runner` of the whole config says. */
      image: z.optional(image),
      /** What `signalbox-run probe` asks. */
      probe: z.optional(probe),
      /** What it must find. */
      checks: z.array(check).check(z.minLength(1)),
      /** Minutes that it takes: as a rule, and in the bad case. */
      minutes: z._default(minutes, { p50: 3, p95: 10 }),
    }),
    /** Who may call it inside of the cluster, beside its own gates: `[{ namespace: 'web', serviceAccount: 'chat' }]`, who scrapes or probes it included; `[]`: nobody. `bootstrap --with access`, and `istio`, hold the network to it ([monitoring.md](monitoring.md#who-may-call-a-service)). Left out: whoever reaches it. */
    callers: z.optional(callers),
    /** What says that it drifts. A pipeline with `on.drift` is begun by that; without one it is told in the channel. */
    drift: z.optional(drift),
    /** A strategic-merge patch onto a replica’s pod, as Kubernetes has pod specs, within Pod Security `baseline`; tolerations are added to ours, and what a probe or a hook does takes the place of ours; its container is called as its engine, and its image and arguments are said beside it. */
    pod: z.optional(pod),
  })
  .check(
    z.superRefine((rule, context) => {
      for (const { path, message } of autoscalingWrongs(rule)) context.addIssue({ code: 'custom', path, message })
    }),
    z.overwrite(atMost),
    z.refine(({ floor, replicas }) => floor === undefined || floor <= replicas, {
      path: ['floor'],
      message: 'write no more than `replicas`, or `autoscaling.max`: a rung only lowers them',
    }),
    within(MOST, `a service has at most ${MOST} bytes in all: put what is longer into its image`),
    z.superRefine(({ engine, engineVersion, gate, secrets: named = {}, pod: patch }, context) => {
      const old = engineVersion === undefined ? null : whyTooOld(engine, engineVersion)
      const wrongs = [
        ...probeWrongs(gate).map(({ path, message }) => ({ path: ['gate', ...path], message })),
        ...(old === null ? [] : [{ path: ['engineVersion'], message: old }]),
        ...reservedIn('secrets', named, { reserved: (variable) => ofServiceSecrets(variable, engine) }),
        ...containerWrongs(patch, {
          ...{ container: engine, said: SAID_OF_SERVICES },
          reserved: (variable) => ofServices(variable, engine),
        }),
        ...servingGraceWrong(patch, servingGrace(DRAIN)),
      ]
      for (const { path, message } of wrongs) context.addIssue({ code: 'custom', path, message })
    }),
  )
