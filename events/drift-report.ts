import * as z from 'zod/mini'
import { parseJson } from './input.ts'

/** What a report says of one window. */
export type Verdict =
  | { kind: 'drifts' | 'steady'; text: string }
  /** It cannot be told: that is no verdict, least of all that nothing drifts. */
  | { kind: 'bad'; detail: string }

const test = z.object({
  name: z.string(),
  description: z.optional(z.string()),
  status: z.string(),
  /** Of Evidently 0.7: which metric it is about. */
  metric_config: z.optional(z.object({ params: z.optional(z.object({ type: z.optional(z.string()) })) })),
})
/** Evidently: what `Snapshot.json()` of 0.7 writes, and `Report.json()` and `TestSuite.json()` of 0.6 and before. */
const report = z.object({
  metrics: z.optional(
    z.array(
      z.object({
        metric: z.optional(z.string()),
        result: z.optional(
          z.object({ dataset_drift: z.optional(z.boolean()), share_of_drifted_columns: z.optional(z.number()) }),
        ),
      }),
    ),
  ),
  tests: z.optional(z.array(test)),
})
type Test = z.output<typeof test>

const OF_DATASET = 'evidently:metric_v2:DriftedColumnsCount'
const TESTS = 'make the report with `include_tests=True`, or give its metrics tests'

/**
 * What a report of Evidently says, by the status of its tests and never by a score, whose direction depends on the method. Where there is a test
 * of the share of drifted columns that one decides, else each. A report of before 0.7 says itself whether the dataset drifts.
 */
export const verdictOf = (body: Uint8Array): Verdict => {
  const read = parseJson(body)
  if (!read.ok) return { kind: 'bad', detail: `it ${read.detail}: \`NaN\` and \`Infinity\` are none` }
  const parsed = z.safeParse(report, read.value)
  if (!parsed.success) return { kind: 'bad', detail: 'it is no report of Evidently' }
  const { metrics = [], tests = [] } = parsed.data
  const drift = metrics.find(({ result }) => result?.dataset_drift !== undefined)?.result
  if (tests.length > 0) return byTests(tests)
  if (drift === undefined) return { kind: 'bad', detail: `it has no tests: ${TESTS}` }
  const share = drift.share_of_drifted_columns
  return {
    kind: drift.dataset_drift === true ? 'drifts' : 'steady',
    text: share === undefined ? 'the dataset drifts' : `share of drifted columns ${Math.round(share * 100) / 100}`,
  }
}

const byTests = (all: Test[]): Verdict => {
  const ofDataset = all.filter(({ metric_config: of }) => of?.params?.type === OF_DATASET)
  const tests = ofDataset.length > 0 ? ofDataset : all
  const odd = tests.find(({ status }) => status !== 'SUCCESS' && status !== 'FAIL' && status !== 'WARNING')
  if (odd !== undefined)
    return { kind: 'bad', detail: `its test “${odd.name}” is ${odd.status}: ${odd.description ?? ''}` }
  const failed = tests.filter(({ status }) => status === 'FAIL')
  const [first] = failed
  if (first === undefined) return { kind: 'steady', text: `${tests.length} tests hold` }
  const more = failed.length > 1 ? `, and ${failed.length - 1} more` : ''
  return { kind: 'drifts', text: `${first.description ?? first.name}${more}` }
}
