import * as z from 'zod'
import { parseWith } from './input.ts'

/** Most objects of one manifest. */
const MOST_OBJECTS = 100_000

const schema = z.object({
  version: z.literal(1),
  objects: z
    .array(
      z.object({
        key: z.string().min(1),
        size: z.int().nonnegative(),
        versionId: z.string().nullish(),
        sha256: z.string().nullish(),
      }),
    )
    .min(1)
    .max(MOST_OBJECTS),
  requestedBy: z
    .string()
    .regex(/^[TE][A-Z0-9]+\/[UW][A-Z0-9]+$/, 'name a person as `TEAM/USER`')
    .nullish(),
})

/** What a dataset consists of, written last. Its own SHA-256 is the dataset version. */
export type Manifest = z.output<typeof schema>

/** Reads a manifest's bytes. Total: anything else gives a sentence that names the path. */
export const parseManifest = (bytes: Uint8Array): { ok: true; manifest: Manifest } | { ok: false; detail: string } => {
  let input: unknown
  try {
    input = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    return { ok: false, detail: `the manifest is not JSON: ${error instanceof Error ? error.message : String(error)}` }
  }
  const parsed = parseWith(schema, input)
  if (!parsed.ok) return { ok: false, detail: parsed.detail }
  const twice = duplicate(parsed.event.objects.map(({ key }) => key))
  return twice === null
    ? { ok: true, manifest: parsed.event }
    : { ok: false, detail: `objects: ${twice} is named twice` }
}

const duplicate = (keys: string[]): string | null => {
  const seen = new Set<string>()
  for (const key of keys) {
    if (seen.has(key)) return key
    seen.add(key)
  }
  return null
}
