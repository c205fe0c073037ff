import type { V1Job, V1Pod } from '@kubernetes/client-node'
import { jobState } from '../job-state.ts'
import type { KubeObject } from '../kube.ts'
import { label } from '../names.ts'
import type { LaunchJobStep } from '../plan.ts'
import { parseResult } from '../result.ts'
import { NOTE, said } from '../text.ts'
import { DIGEST_ANNOTATION } from '../workloads/object-digest.ts'
import type { Next } from './next.ts'

/** Largest result that is read, in bytes (law 14). */
export const RESULT_LIMIT = 64 * 1024
/** What a note repeats of a failed Job's log: so many lines, each of so many characters at most. */
const [LOG_LINES, LOG_LINE] = [5, 200]

/** What a look at a Job saw. `job` is null when it, or the one with our uid, is gone. */
export interface SeenJob {
  name: string
  job: V1Job | null
  pods: V1Pod[]
  logs: string[]
  /** Bytes of its result.json; null when it is not there. */
  result: Uint8Array | null
}

/** Where a Job of this name writes its result. */
export const resultLocation = ({ results }: LaunchJobStep, jobName: string): { bucket: string; key: string } => ({
  bucket: results.bucket,
  key: `${results.prefix}${jobName}/result.json`,
})

/** Whether the object that has our name is what we would have made: then a repeated create has succeeded. */
export const isOurs = (found: KubeObject, wanted: KubeObject): boolean =>
  found.metadata.annotations?.[DIGEST_ANNOTATION] === wanted.metadata.annotations?.[DIGEST_ANNOTATION] &&
  found.metadata.labels?.[label('installation')] === wanted.metadata.labels?.[label('installation')] &&
  found.metadata.labels?.[label('lane')] === wanted.metadata.labels?.[label('lane')]

/** A Job has ended when it is complete and its result is valid; a Job that is gone counts by its result alone (law 4). */
export const nextLaunchJob = (step: LaunchJobStep, seen: SeenJob): Next => {
  if (seen.job === null) {
    const valid = judgeResult(step, seen)
    return valid.kind === 'done'
      ? valid
      : { kind: 'failed', reason: 'deleted', note: `Job ${seen.name} was deleted before it had a result` }
  }
  const state = jobState(seen.job, seen.pods, seen.logs)
  if (state.failure !== null)
    return { kind: 'failed', reason: state.failure, note: withLogs(state.note, lastLines(seen.logs)) }
  if (state.kind !== 'succeeded') return { kind: 'wait', note: state.note }
  return judgeResult(step, seen)
}

const judgeResult = (step: LaunchJobStep, { name, result }: SeenJob): Next => {
  const { bucket, key } = resultLocation(step, name)
  if (result === null)
    return {
      kind: 'failed',
      reason: 'result-missing',
      note: `Job ${name} is complete but wrote no s3://${bucket}/${key}`,
    }
  const parsed = parseResult(result, { object: name, prefix: `s3://${bucket}/${step.results.prefix}${name}/` })
  if (!parsed.ok) return { kind: 'failed', reason: parsed.reason, note: `s3://${bucket}/${key}: ${parsed.detail}` }
  const { metrics, artifacts } = parsed.result
  const note = Object.entries(metrics)
    .map(([metric, value]) => `${metric} ${value}`)
    .join(', ')
  return { kind: 'done', note: note || 'complete', result: { ...metrics, ...artifacts } }
}

/** The newest lines that there is room for: the last one tells most. */
const withLogs = (note: string, lines: string[]): string => {
  const all = lines.length === 0 ? note : `${note}. Last log lines: ${lines.join(' ⏎ ')}`
  return all.length <= NOTE || lines.length === 0 ? said(all, NOTE) : withLogs(note, lines.slice(1))
}

const lastLines = (logs: string[]): string[] =>
  logs
    .map((line) => said(line, LOG_LINE))
    .filter((line) => line !== '')
    .slice(-LOG_LINES)
