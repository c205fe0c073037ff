import type { V1Pod } from '@kubernetes/client-node'
import type { Stepped } from '../lane/stepping.ts'
import type { LaunchJobStep } from '../plan.ts'
import type { Died, Lost } from '../pods/taken.ts'
import { parseResult } from '../result.ts'
import { NOTE, said } from '../text.ts'
import { isFile, type Place, resultOfPod, resultPlace } from './result-place.ts'

/** The bytes of a result, of which file or message they are, and where that lies. */
export interface SeenResult {
  bytes: Uint8Array
  etag: string | null
  at: Place
  by: 'file' | 'message'
  /** When the file was written; null: it is none; left out: nobody knows. */
  writtenAt?: number | null
}

/** What is known of a Job that has ended. */
interface Judged {
  name: string
  pods: V1Pod[]
  /** Null: there is none. */
  result: SeenResult | null
  /** What has ended its newest pod from outside; null, or left out: nothing. */
  lost?: Lost | null
}

/** What an ended Job has come to: its result, or why there is none. */
export const judgeResult = (step: LaunchJobStep, seen: Judged): Stepped =>
  seen.result === null ? missing(step, seen) : resultIn(seen.name, seen.result)

/** What a Job of this name has measured and made, as its result claims (law 16). */
export const resultIn = (name: string, { bytes, etag, at, by }: SeenResult): Stepped => {
  const uri = `s3://${at.bucket}/${at.key}`
  const parsed = parseResult(bytes, { object: name, prefix: uri.slice(0, uri.lastIndexOf('/') + 1) })
  const where = by === 'message' ? 'its termination message' : uri
  if (!parsed.ok) return { kind: 'failed', reason: parsed.reason, note: `${where}: ${parsed.detail}` }
  const { metrics, artifacts } = parsed.result
  const note = Object.entries(metrics)
    .map(([metric, value]) => `${metric} ${value}`)
    .join(', ')
  return { kind: 'done', note: note || 'complete', values: { ...metrics, ...artifacts }, read: { etag, at, by } }
}

/** The same by what was seen while its pods were there (`died`): once they are gone nobody sees more than that. */
export const asItDied = (stepped: Stepped, { pods, died }: { pods: V1Pod[]; died?: Died | undefined }): Stepped =>
  stepped.kind !== 'failed' || died === undefined || pods.length > 0
    ? stepped
    : { ...stepped, reason: died.failure, note: died.note }

/** A program that is told to stop may save what it has and end with 0, which completes its Job: it had no time for a result. */
const missing = (step: LaunchJobStep, { name, pods, lost = null }: Judged): Stepped => {
  const place = resultPlace(step, name)
  const pod = pods.find(({ status }) => status?.phase === 'Succeeded')?.metadata?.name ?? `${name}-*`
  const { bucket, key } = isFile(place) ? place : resultOfPod(place, name, pod)
  const uri = `s3://${bucket}/${key}`
  return lost === null
    ? { kind: 'failed', reason: 'result-missing', note: `Job ${name} is complete but wrote no ${uri}` }
    : {
        kind: 'failed',
        reason: lost.failure,
        note: said(`its pod was taken away, and it ended with 0 and no ${uri}: ${lost.note}`, NOTE),
      }
}
