import * as z from 'zod/mini'
import { filled } from '../../events/input.ts'
import { folder, image, matching } from './fields.ts'

const sha256 = matching(
  /^[0-9a-f]{64}$/,
  'write the 64 hex digits that `npm run build:runner` leaves in runner/dist/sha256sums',
)

/** Where `signalbox-run` comes from, which stages may have before their command, and which fetches for engines. */
export const runner = z
  .strictObject({
    /** Image of the container that brings it: one that has it at `/signalbox-run`; or, with `sha256`, any with the AWS CLI, `/bin/sh` and `sha256sum`, which fetches it from the bucket of results. By digest, or by a tag, as all are. */
    image,
    /** SHA-256 of the program for each processor that nodes have. What lies in the bucket and is another never runs. Left out: the image has it. */
    sha256: z.optional(
      z.strictObject({
        /** Of `signalbox-run-linux-amd64`. */
        amd64: sha256,
        /** Of `signalbox-run-linux-arm64`. */
        arm64: sha256,
      }),
    ),
    /** Where in the bucket of results the programs lie, outside of `results.prefix`, below which pods write; left out: `signalbox-run/`. */
    prefix: z.optional(folder),
  })
  .check(
    z.refine(({ sha256: known, prefix }) => known !== undefined || prefix === undefined, {
      path: ['sha256'],
      message:
        'is missing: what is fetched from `prefix` is run by its digest alone, which `npm run build:runner` tells; or leave `prefix` out, where the image has the program',
    }),
  )

/** That a stage has it. */
export const stageRunner = z.strictObject({
  /** What it brings into `/signalbox/in`, each into a folder of its name: `dataset`, `model` (where that is `s3://…`; of `on.version` the version, where no stage says another), and stages that this one reads. `[]`: nothing, for what the program streams. */
  inputs: z
    .array(filled)
    .check(z.refine((all) => new Set(all).size === all.length, 'one of them stands here twice: name each once')),
})
