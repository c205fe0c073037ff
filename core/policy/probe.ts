import * as z from 'zod/mini'
import { filled } from '../../events/input.ts'
import { whyNoGoPattern } from './go-pattern.ts'

/** What `signalbox-run probe` measures (runner/probe/settings.go). */
export const MEASURED = [
  ...['health', 'model_listed', 'requests', 'errors', 'error_rate', 'golden_total', 'golden_passed', 'golden_rate'],
  ...['ttft_p50_ms', 'ttft_p95_ms', 'itl_p50_ms', 'itl_p95_ms', 'p50_ms', 'p95_ms', 'tokens_per_s'],
] as const

/** Figures that it has of prompts alone whose answer is known. */
const OF_ANSWERS: ReadonlySet<string> = new Set(['golden_passed', 'golden_rate'])

/** From one to as many as the program takes. */
const few = z.int().check(z.positive(), z.maximum(10_000))

const prompt = z.strictObject({
  /** What is asked. */
  prompt: filled,
  /** Texts that the answer has, all of them, whatever their case. */
  contains: z.optional(z.array(filled)),
  /** Texts that it has none of. */
  lacks: z.optional(z.array(filled)),
  /** A regular expression, as Go has them, that it fits. */
  matches: z.optional(
    filled.check(
      z.refine((text) => whyNoGoPattern(text) === null, { error: ({ input }) => whyNoGoPattern(String(input)) ?? '' }),
    ),
  ),
  /** Longest answer, tokens; left out: 128. */
  maxTokens: z.optional(few),
})

/** What `signalbox-run probe` asks what serves. */
export const probe = z.strictObject({
  /** Questions, in turn; one that says what its answer has is judged, others measure time alone. Left out: one that has no right answer. */
  prompts: z.optional(z.array(prompt).check(z.minLength(1), z.maxLength(100))),
  /** Requests in all, and each prompt once at least; left out: 20. */
  requests: z.optional(few),
  /** So many of them at once; left out: 4. */
  concurrency: z.optional(few),
  /** Seconds that one answer may take; left out: 60. */
  timeoutSeconds: z.optional(few),
  /** Seconds that the server may take to answer at all; left out: 60. */
  waitSeconds: z.optional(few),
})

/** What of a gate says who asks. */
interface Gate {
  image?: string | undefined
  probe?: z.output<typeof probe> | undefined
  checks: readonly { metric: string }[]
}

/** What keeps a gate from ever holding as it is said. */
export const probeWrongs = ({ image, probe: asked, checks }: Gate): { path: string[]; message: string }[] => {
  if (image !== undefined)
    return asked === undefined
      ? []
      : [{ path: ['probe'], message: 'is for who leaves `image` out: an image of yours asks what it asks' }]
  const isJudged = asked?.prompts?.some(({ contains, lacks, matches }) =>
    [contains?.[0], lacks?.[0], matches].some((one) => one !== undefined),
  )
  return checks.flatMap(({ metric }, index) => {
    const path = ['checks', String(index), 'metric']
    if (!(MEASURED as readonly string[]).includes(metric))
      return [
        {
          path,
          message: `without \`image\` it is measured by \`signalbox-run probe\`, which knows no \`${metric}\`: it is one of ${MEASURED.join(', ')}`,
        },
      ]
    return OF_ANSWERS.has(metric) && isJudged !== true
      ? [{ path, message: 'no prompt says what its answer has: say `probe: { prompts: [{ prompt, contains }] }`' }]
      : []
  })
}
