import { s3Location } from './environment.ts'

/** What a simulated monitor of drift leaves beside its result. */
export interface LeftReport {
  bucket: string
  key: string
  text: string
}

/** The task whose containers leave one. */
const TASK = 'drift-monitor'

/** The report of one window, as Evidently writes it, saying what the container's figures say; null: it is no monitor, or is told no place. */
export const reportOf = (
  env: Readonly<Record<string, string>>,
  { window, metrics }: { window: string; metrics: Readonly<Record<string, unknown>> },
): LeftReport | null => {
  const at = s3Location(env['REPORTS'])
  if (env['SIGNALBOX_TASK'] !== TASK || at === null) return null
  const [drifts, share] = [Number(metrics['drifted'] ?? 0) > 0, Number(metrics['drifted_share'] ?? 0)]
  const test = {
    name: 'Share of Drifted Columns: Less 0.500',
    description: `Share of Drifted Columns: Actual value ${share.toFixed(3)} ${drifts ? '>=' : '<'} 0.500`,
    metric_config: { params: { type: 'evidently:metric_v2:DriftedColumnsCount' } },
    status: drifts ? 'FAIL' : 'SUCCESS',
  }
  return {
    bucket: at.bucket,
    key: `${at.key}${window}/drift.json`,
    text: JSON.stringify({ metrics: [], tests: [test] }),
  }
}
