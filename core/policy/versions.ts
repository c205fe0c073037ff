import * as z from 'zod/mini'
import { filled } from '../../events/input.ts'
import { askable, matching } from './fields.ts'

/** What a registered model may be called, as MLflow has it, and without what two names could differ by unseen. */
export const registered = matching(
  /^(?!\.$|\.\.|\s)[^/:\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,256}(?<!\s)$/u,
  'MLflow takes no `/` and no `:` in the name of a registered model, not `.` or what begins with `..`, and at most 256 characters; write it without spaces around it or characters that are not seen',
)

/** Longest key and value of a tag: they stand in titles, and in the lane's document. Characters. */
const TAG = 100

/** Versions of a registered model that begin something. */
export const onVersion = z.strictObject({
  /** Name of the registered model. No pipeline that these versions begin, directly or through others, may register a version of it. */
  model: registered.check(askable),
  /** Begins by a version that this tag is set on with this value, once a version, be it an old one; left out: by each new one. */
  tag: z.optional(
    z.strictObject({
      /** The tag’s key. */
      key: filled.check(
        z.maxLength(TAG),
        z.refine(
          (key) => !key.includes('`'),
          'MLflow cannot be asked about a tag’s key with a backtick: write it without',
        ),
      ),
      /** Its value. */
      value: filled.check(z.maxLength(TAG), askable),
    }),
  ),
})

/** Versions that begin a pipeline. */
export type VersionTrigger = z.output<typeof onVersion>

/** `support-llama`, `support-llama#stage=candidate`. */
export const nameOfTrigger = ({ model, tag }: VersionTrigger): string =>
  tag === undefined ? model : `${model}#${tag.key}=${tag.value}`

/** What of a pipeline says of which model it takes versions, and of which it makes some. */
interface Link {
  on: { version?: { model: string } | undefined }
  register?: { model: string } | undefined
}

/** Pipelines of which each begins the next, and the last the first again: each such ring once, where its first one says what begins it. */
export const versionProblems = (pipelines: Record<string, Link>): { path: string[]; message: string }[] => {
  const links = Object.entries(pipelines).flatMap(([name, { on, register }]) =>
    on.version === undefined || register === undefined ? [] : [{ name, from: on.version.model, to: register.model }],
  )
  return links.flatMap((first, index) => {
    // Of a ring its first one tells: rings through one before it are told by that.
    const ring = ringOf(first, links.slice(index))
    if (ring === null) return []
    const steps = ring.map(
      ({ name, from, to }) => `\`${name}\` begins by versions of \`${from}\` and registers \`${to}\``,
    )
    const message = `each run would begin the next, for ever: ${steps.join(', ')}. Register another model in one of them, or let it begin by something else`
    return [{ path: ['pipelines', first.name, 'on', 'version', 'model'], message }]
  })
}

interface Named {
  name: string
  from: string
  to: string
}

/** The shortest way from what one registers back to what begins it, itself first; null: there is none. */
const ringOf = (first: Named, links: readonly Named[]): Named[] | null => {
  const seen = new Set([first.to])
  for (let ways = [[first]]; ways.length > 0; ) {
    const whole = ways.find((way) => way.at(-1)?.to === first.from)
    if (whole !== undefined) return whole
    ways = ways.flatMap((way) =>
      links.flatMap((link) => {
        if (link.from !== way.at(-1)?.to || seen.has(link.to)) return []
        seen.add(link.to)
        return [[...way, link]]
      }),
    )
  }
  return null
}
