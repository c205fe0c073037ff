import * as z from 'zod/mini'
import { filled } from '../../events/input.ts'
import { milliseconds } from '../duration.ts'
import { alternatives, alternativeWrongs } from './alternatives.ts'
import { onDrift } from './drift.ts'
import { askable, bucket, duration, folder, mode, name } from './fields.ts'
import { whyNoAddress } from './sources.ts'
import { measuredOf, modelToldTo, nameOfStage, stages } from './stages.ts'
import { schedule } from './times.ts'
import { onVersion, registered } from './versions.ts'

/** A machine that nobody has to wait for starts in so many. Milliseconds. */
const STARTS = 10 * 60_000

/** Of two looks at least. Milliseconds. */
const LOOKS = 10 * 60_000

/** A dataset that was uploaded: its manifest, which is written last, begins the pipeline. */
const dataset = z.strictObject({
  /** Bucket that datasets are uploaded to. */
  bucket,
  /** Where in the bucket: the manifest’s key is `<prefix><manifest>`, or `<prefix>…/<manifest>`. */
  prefix: folder,
  /** Name of the manifest. Deployed doors hear of names that end in `manifest.json`. */
  manifest: z._default(
    filled.check(
      z.regex(
        /^[^/\p{Cc}\p{Cf}\p{Cs}]*manifest\.json$/u,
        'end the manifest’s name with `manifest.json`, without `/` and characters that are not seen: the deployed door hears of no other',
      ),
    ),
    'manifest.json',
  ),
  /** How long a manifest whose objects are not all there may wait. */
  completeWithin: z._default(duration, '1h'),
})

/** A stage whose GPUs all do nothing, which may be loading, waiting or hung. Its first quarter of an hour does not count. */
const idle = z
  .strictObject({
    /** After how long people are told, in the channel. */
    tell: z._default(duration, '15m'),
    /** After how long the approvers are asked whether it shall end. It goes on where they deny, or nobody answers. */
    ask: z._default(duration, '1h'),
    /** After how long it is ended without a question; left out: never. */
    end: z.optional(duration),
  })
  .check(
    z.refine(({ tell, ask }) => milliseconds(tell) <= milliseconds(ask), {
      path: ['ask'],
      message: 'write at least as much as `tell`: people are told before they are asked',
    }),
    z.refine(({ ask, end }) => end === undefined || milliseconds(ask) < milliseconds(end), {
      path: ['end'],
      message: 'write more than `ask`: people are asked before it is ended',
    }),
    z.refine(({ tell }) => milliseconds(tell) >= LOOKS, {
      path: ['tell'],
      message: 'write at least `10m`: GPUs are looked at every five minutes',
    }),
  )

/** Run-once work: what begins it, its stages in order, and what is registered when every gate holds. */
export const pipeline = z
  .strictObject({
    /** `shadow` plans and prices real events and touches nothing. */
    mode,
    /** The name that it had first, however often it was renamed since: its lane keeps that one, so that all that is under way and was done, stays its, and commands take either name. Leave it there. */
    was: z.optional(name),
    /** What begins it: at least one of these. */
    on: z
      .strictObject({
        /** A dataset that was uploaded. Other triggers run it on the newest dataset version; where this is left out, on none. */
        dataset: z.optional(dataset),
        /** Drift of a service: the newest dataset version is run on once more. */
        drift: z.optional(onDrift),
        /**
         * A new version of a registered model, or one that a tag is set on: it runs on that, once a version. Its stages are told of it by `INPUT_MODEL`, `INPUT_MODEL_VERSION`,
         * `INPUT_MODEL_URI`, and `INPUT_MODEL_PIN` where a pipeline of ours says what lies there; weights may come from `results` and `sources`. Versions from before the policy says so
         * begin nothing; of several that come while a run is under way the last one does. Other triggers run it on the newest such version.
         */
        version: z.optional(onVersion),
        /** Times at which it runs, on the newest dataset version: once each, within five minutes; of those that passed while nobody looked, the last. */
        schedule: z.optional(schedule),
        /** Whether people may begin it by hand, with `signalbox run`; left out: they may. `true` is enough to begin it by. */
        hand: z.optional(z.boolean()),
      })
      .check(
        z.refine(
          (on) => [on.dataset, on.drift, on.version, on.schedule].some((one) => one !== undefined) || on.hand === true,
          'say what begins it: `dataset: { bucket, prefix }`, `version: { model }`, `schedule: { cron, zone }`, or `hand: true` where people alone do',
        ),
        z.refine(({ dataset: of, drift }) => of !== undefined || drift === undefined, {
          path: ['dataset'],
          message: 'drift runs it on the newest dataset version once more: say `dataset: { bucket, prefix }` too',
        }),
        z.refine(({ dataset: of, version }) => of === undefined || version === undefined, {
          path: ['version'],
          message: 'a pipeline runs on datasets or on versions of a model: give these a pipeline of their own',
        }),
      ),
    /** Something newer while a run is under way: let that finish, or replace it once the newer one may begin. What is refused, to be asked about or kept back replaces nothing. */
    onNewer: z._default(z.enum(['finish', 'replace']), 'finish'),
    /** What happens to a run that would cost more than it may at most. `ask`: before that, while it goes on, the approvers are asked for as many hours more as its stage has, at most twice and within the budget; it is ended where they do not agree. What a rung has suspended is asked about before it goes on where too little would be left for that. A card that asks later is a new one. */
    onBound: z._default(z.enum(['end', 'ask']), 'end'),
    /** GPUs of a stage that idle, as DCGM says, where a Prometheus is named that has its metrics: people are told, then asked. Left out: nobody looks. */
    idle: z.optional(idle),
    /**
     * How long the pod of a stage may wait for a node before its run ends; left out: `24h`. It takes nothing of its hours, and costs nothing
     * but for a node that comes and is of no use, which is named with what ends it.
     */
    nodeWithin: z.optional(
      duration.check(
        z.refine((value) => milliseconds(value) >= STARTS, 'write at least `10m`: no node starts in less'),
      ),
    ),
    /** Stages in their order, at most 24. */
    stages,
    /**
     * Other ways in which a run may be made, by name: people who are asked see the two best of them beside what the stages say, each with its
     * price, and choose. What needs nobody’s word is done as the stages say, and
     * what is refused as they say is refused, whichever alternative would fit. Left out: there is one way.
     */
    alternatives: z.optional(alternatives),
    /** What becomes a new version in the registry; left out: nothing. */
    register: z.optional(
      z.strictObject({
        /** Name of the registered model. */
        model: registered.check(askable),
        /** Stage whose artifact it is, which one with gates reads, directly or through others; left out: the last one that judges nothing, or the only one. */
        from: z.optional(filled),
        /** That it is an adapter: the artifact of that name, and not `model`, is registered, with the tags `signalbox.dev/weights` and `signalbox.dev/base`, which is the model that its stage was told. A service of vLLM serves it on that. Left out: whole weights. */
        artifact: z.optional(z.literal('adapter', 'write `adapter`, or leave it out: whole weights are registered')),
      }),
    ),
  })
  .check(
    z.superRefine((value, context) => {
      for (const { path, message } of alternativeWrongs(value, nameOfStage))
        context.addIssue({ code: 'custom', path, message })
    }),
    z.superRefine((value, context) => {
      const { register, stages: all } = value
      if (register === undefined || all.length === 0) return
      const names = all.map(nameOfStage)
      if (register.from !== undefined && !names.includes(register.from))
        context.addIssue({
          code: 'custom',
          path: ['register', 'from'],
          message: `there is no stage \`${register.from}\`: it is one of ${names.join(', ')}`,
        })
      if (all.every(({ gates }) => gates.length === 0))
        context.addIssue({
          code: 'custom',
          path: ['register'],
          message: 'nothing is registered that was not measured: give a stage `gates`, or leave `register` out',
        })
      if (register.from === undefined && all.length > 1 && all.every(({ gates }) => gates.length > 0))
        context.addIssue({
          code: 'custom',
          path: ['register', 'from'],
          message: `every stage has gates: say \`from\` which stage the artifact comes, one of ${names.join(', ')}`,
        })
      const [measured, of] = [measuredOf(all), registeredStage(value)]
      const base = of === null ? null : modelToldTo(all, of)
      if (
        register.artifact !== undefined &&
        of !== null &&
        names.includes(of) &&
        (base === null || whyNoAddress(base) !== null)
      )
        context.addIssue({
          code: 'custom',
          path: ['register', 'artifact'],
          message: `an adapter is registered with what it was trained on, and ${base === null ? `no stage up to \`${of}\` says a \`model\`` : `\`model\` of \`${of}\` is no plain address`}: say it, \`hf://owner/name@COMMIT\`, \`owner/name\` or \`s3://…\``,
        })
      if (of !== null && names.includes(of) && measured.size > 0 && !measured.has(of))
        context.addIssue({
          code: 'custom',
          path: ['register'],
          message: `nothing is registered that was not measured, and no stage with gates reads \`${of}\`: give gates to it, or to one that reads it, or say \`from\` one that is measured, ${names.filter((name) => measured.has(name)).join(', ')}`,
        })
    }),
  )

/** The stage whose artifact is registered. */
export const registeredStage = ({
  register,
  stages: all,
}: {
  register?: { from?: string | undefined } | undefined
  stages: readonly { name?: string | undefined; use?: string | undefined; gates: readonly unknown[] }[]
}): string | null => {
  if (register === undefined) return null
  // One alone is the one that is meant, though it is judged itself.
  const last = all.length === 1 ? all[0] : all.findLast(({ gates }) => gates.length === 0)
  return register.from ?? (last === undefined ? null : nameOfStage(last))
}
