import * as z from 'zod/mini'
import { filled } from '../../events/input.ts'
import { bucket, count, duration, folder, image, mode, name, range } from './fields.ts'
import { gate } from './gates.ts'

/** A dataset's way: its manifest is fine-tuned on, evaluated, and registered when every gate holds. */
export const dataset = z.strictObject({
  /** `shadow` plans and prices real events and touches nothing. */
  mode,
  /** Bucket that datasets are uploaded to. */
  bucket,
  /** Where in the bucket: the manifest's key is `<prefix><manifest>`, or `<prefix>…/<manifest>`. */
  prefix: folder,
  /** Name of the manifest, which is written last. Deployed doors hear of names that end in `manifest.json`. */
  manifest: z._default(
    filled.check(
      z.regex(
        /^[^/]*manifest\.json$/,
        'end the manifest’s name with `manifest.json`, without `/`: the deployed door hears of no other',
      ),
    ),
    'manifest.json',
  ),
  /** How long a manifest whose objects are not all there may wait. */
  completeWithin: z._default(duration, '1h'),
  /** A newer dataset version while one is being trained on: let it finish, or replace it. */
  onNewer: z._default(z.enum(['finish', 'replace']), 'finish'),
  /** The training Job. */
  launch: z.strictObject({
    /** How it is trained. */
    method: z._default(z.enum(['lora']), 'lora'),
    /** The model that is trained on, as the container names it. */
    baseModel: filled,
    /** The container, pinned by digest. */
    image,
    /** Pool that it runs on. */
    pool: name,
    /** GPUs of its one pod. */
    gpus: count,
    /** How long it takes: as a rule, and in the bad case that is held and priced. */
    hours: range,
    /** Arguments of the container. */
    args: z._default(z.array(z.string()), []),
  }),
  /** Evaluation after training: nothing is registered unless every gate holds. */
  evaluate: z.strictObject({
    /** The container, pinned by digest. */
    image,
    /** Pool that it runs on. */
    pool: name,
    /** GPUs of its one pod. */
    gpus: count,
    /** How long it takes: as a rule, and in the bad case. */
    hours: range,
    /** What its result must be. */
    gates: z.array(gate).check(z.minLength(1)),
  }),
  /** Registered model that a passing run becomes a version of. */
  registerAs: filled.check(z.regex(/^[^/:]+$/, 'MLflow takes no `/` and no `:` in the name of a registered model')),
})
