import * as z from 'zod/mini'
import { short } from '../../events/input.ts'
import { datasetBuckets } from './datasets.ts'
import { bucket, duration, folder, modelName } from './fields.ts'

/** Longest name of an alert's rule, and of a label and its value. Characters. */
const NAME = 200

/** What says that a service drifts. */
export const drift = z
  .strictObject({
    /** Alerts that mean it, of Alertmanager or Grafana; what is slow or full is no drift: name none of those. */
    alerts: z._default(
      z.array(
        z.strictObject({
          /** Name of its rule, the label `alertname`; of CloudWatch that of the alarm. */
          name: short(NAME),
          /** Labels that it must have besides, where alerts of other services have the same name; of CloudWatch dimensions. */
          labels: z._default(z.record(short(NAME), short(NAME)), {}),
        }),
      ),
      [],
    ),
    /** Where reports of Evidently are written, one for each window; their names end in `drift.json`. Its bucket is one that datasets are uploaded to: nothing else is heard of or read. */
    reports: z.optional(
      z.strictObject({
        /** Bucket of the reports. */
        bucket,
        /** Where in the bucket: all that lies below it is of this service. */
        prefix: folder,
      }),
    ),
    /** Reports in a row that must say that it drifts; an alert has its own rule for that, and counts at once. */
    windows: z._default(z.int().check(z.positive(), z.maximum(100)), 2),
    /** For how long nothing is trained anew by drift once a run of its pipeline has ended: what it made is not served yet, or alerts have not seen it. What still fires then counts. */
    coolDown: z._default(duration, '24h'),
  })
  .check(
    z.refine(({ alerts, reports }) => alerts.length > 0 || reports !== undefined, {
      path: ['alerts'],
      message: 'say what drift is: give it `alerts`, or `reports`',
    }),
  )

/** What drift begins. */
export const onDrift = z.strictObject({
  /** Service whose drift begins it, by its name in the policy. */
  service: modelName,
})

/** What of the document blocks say of drift. */
export interface DriftTogether {
  pipelines: Record<
    string,
    { on: { dataset?: { bucket: string } | undefined; drift?: z.output<typeof onDrift> | undefined } }
  >
  services: Record<string, { drift?: z.output<typeof drift> | undefined }>
}

/** What no block can see alone: whom a drift begins, and whose an alert is. */
export const driftProblems = (
  { pipelines, services }: DriftTogether,
  nearest: (name: string, names: string[]) => string | null,
): { path: string[]; message: string }[] => [
  ...Object.entries(pipelines).flatMap(([key, { on }]) => {
    const path = ['pipelines', key, 'on', 'drift', 'service']
    const name = on.drift?.service
    if (name === undefined) return []
    if (!Object.hasOwn(services, name)) {
      const like = nearest(name, Object.keys(services))
      return [{ path, message: `there is no service \`${name}\`${like === null ? '' : `: did you mean \`${like}\`?`}` }]
    }
    if (services[name]?.drift === undefined)
      return [
        { path, message: `\`services.${name}\` does not say what its drift is: give it \`drift\` with \`alerts\`` },
      ]
    const [first] = Object.entries(pipelines).find(([, other]) => other.on.drift?.service === name) ?? []
    return first === key
      ? []
      : [{ path, message: `\`${first}\` begins by the drift of \`${name}\` already: a drift must mean one of them` }]
  }),
  ...sharedAlerts(services),
  ...oddReports({ pipelines, services }),
]

/** Reports of one place are of one service, and in a bucket that is heard of. */
const oddReports = ({ pipelines, services }: DriftTogether): { path: string[]; message: string }[] => {
  const buckets = datasetBuckets(pipelines)
  const all = Object.entries(services).flatMap(([key, { drift: watch }]) =>
    watch?.reports === undefined ? [] : [{ key, ...watch.reports }],
  )
  return all.flatMap((one, at) => {
    const path = ['services', one.key, 'drift', 'reports']
    const other = all.slice(0, at).find((before) => before.bucket === one.bucket && before.prefix === one.prefix)
    if (other !== undefined)
      return [{ path, message: `\`${other.key}\` has the same bucket and prefix: a report must mean one of them` }]
    return buckets.includes(one.bucket)
      ? []
      : [
          {
            path: [...path, 'bucket'],
            message: `no pipeline has datasets in it, and no other is heard of: use ${buckets.join(' or ') || 'one that a pipeline has'}`,
          },
        ]
  })
}

/** An alert must mean one service: of two that watch the same name one label has other values. */
const sharedAlerts = (services: DriftTogether['services']): { path: string[]; message: string }[] => {
  const all = Object.entries(services).flatMap(([key, { drift: watch }]) =>
    (watch?.alerts ?? []).map((alert, index) => ({ key, index, ...alert })),
  )
  return all.flatMap(({ key, index, name, labels }, at) => {
    const other = all.slice(0, at).find((one) => one.name === name && one.key !== key && !areApart(one.labels, labels))
    if (other === undefined) return []
    const path = ['services', key, 'drift', 'alerts', String(index)]
    const message = `\`services.${other.key}\` has the alert ${name} too: give both a label in which they differ, such as \`labels: { model: '${key}' }\``
    return [{ path, message }]
  })
}

const areApart = (a: Record<string, string>, b: Record<string, string>): boolean =>
  Object.entries(a).some(([name, value]) => Object.hasOwn(b, name) && b[name] !== value)

/** Alerts that mean the drift of a service: its reports are one, called by their place. */
export const alertsOf = (
  watch: z.output<typeof drift> | undefined,
): { name: string; labels: Readonly<Record<string, string>> }[] => [
  ...(watch?.alerts ?? []),
  ...(watch?.reports === undefined
    ? []
    : [{ name: `s3://${watch.reports.bucket}/${watch.reports.prefix}`, labels: {} }]),
]
