import type { Policy } from '../../core/policy.ts'
import { plainTime } from '../../core/text.ts'
import { type Finding, finding, secretsIn } from '../../effects/aws/checks.ts'
import { openPrometheus } from '../../effects/metrics/prometheus.ts'
import { signingFor } from '../../effects/metrics/signing.ts'
import type { Metrics } from '../../flows/metrics-port.ts'

/** Alerting rules of one name that are looked at, of as many names. */
const MOST = 50

/** Whether Prometheus answers, as the doors authenticate there, and what it knows of each alert that means drift. */
export const prometheusFindings = async ({
  url,
  aws,
  policy,
}: {
  url: string
  aws: string | undefined
  policy: Policy
}): Promise<Finding[]> => {
  const { installation } = policy
  const token = async (): Promise<string> =>
    aws === undefined ? 'none' : secretsIn({ region: aws, installation }).get('prometheus-token')
  const metrics = openPrometheus({ url, sign: signingFor(url, token), tries: 2 })
  try {
    return await alertFindings(metrics, policy)
  } finally {
    await metrics.close()
  }
}

/** One finding for each alert that the policy names; one where it names none. */
export const alertFindings = async (metrics: Pick<Metrics, 'rules'>, policy: Policy): Promise<Finding[]> => {
  // Names of places of reports are no alerts.
  const names = [...policy.found.byAlert.keys()].filter((name) => !name.startsWith('s3://')).slice(0, MOST)
  const fix = 'see docs/deploy.md, “Prometheus asked back”'
  const [first = 'Any', ...others] = names
  const answered = await finding('prometheus', fix, () => told(metrics, first))
  // Of one that does not answer it is said once.
  if (!answered.ok) return [answered]
  const more = await Promise.all(others.map((name) => finding('prometheus', fix, () => told(metrics, name))))
  return [
    ...(names.length === 0 ? [{ ...answered, detail: 'it answers; the policy names no alerts' }] : [answered]),
    ...more,
  ]
}

const told = async (metrics: Pick<Metrics, 'rules'>, alert: string): Promise<string> => {
  const rules = (await metrics.rules(alert)) ?? []
  if (rules.length === 0) return `it answers, and has no rule ${alert}: whether that still fires is not asked back`
  const broken = rules.find(({ healthy }) => !healthy)
  if (broken !== undefined) throw new Error(`its rule ${alert} cannot be evaluated, so it never fires`)
  const at = Math.min(...rules.map(({ evaluatedAt }) => evaluatedAt))
  return `it has the rule ${alert}, evaluated ${at === 0 ? 'never yet' : `last ${plainTime(at)}`}`
}
