import { newest } from '../workloads/presets.ts'
import { shown } from './shown.ts'

/** What of a policy says who measures drift, and where it is heard of. */
interface Monitoring {
  pipelines: Readonly<Record<string, { stages: readonly Stage[] }>>
  services: Readonly<Record<string, { drift?: { reports?: ReportPlace | undefined } | undefined }>>
}
interface Stage {
  use?: Parameters<typeof newest>[0] | undefined
  command?: readonly string[] | undefined
  env: Readonly<Record<string, string>>
}

/** A folder of S3 that reports lie below. */
export interface ReportPlace {
  bucket: string
  prefix: string
}

/** The variable by which a monitor is told where its reports go. */
const REPORTS = 'REPORTS'

/** A command of the stage's own may leave anything anywhere. */
const isMonitor = ({ use, command }: Stage): boolean =>
  use !== undefined && command === undefined && newest(use).reports === true

const uriOf = ({ bucket, prefix }: ReportPlace): string => `s3://${bucket}/${prefix}`

const placesIn = ({ services }: Pick<Monitoring, 'services'>): ReportPlace[] =>
  Object.values(services).flatMap(({ drift }) => drift?.reports ?? [])

/** Places that monitors leave reports in, each once: no other pod writes there. */
export const monitoredPlaces = (policy: Monitoring): ReportPlace[] => {
  const said = new Set(
    Object.values(policy.pipelines).flatMap(({ stages }) =>
      stages.flatMap((stage) => (isMonitor(stage) ? [stage.env[REPORTS]] : [])),
    ),
  )
  return placesIn(policy).filter((place) => said.has(uriOf(place)))
}

/** Why nobody would hear of what a stage that measures drift reports; null: somebody does, or it measures none. */
export const whyUnheard = (stage: Stage, services: Monitoring['services']): string | null => {
  const said = stage.env[REPORTS]
  const places = placesIn({ services }).map(uriOf)
  if (!isMonitor(stage) || (said !== undefined && places.includes(said))) return null
  const meant =
    places.length === 0
      ? 'give the service that it is of `drift: { reports: { bucket, prefix } }`, and write that here, `s3://BUCKET/PREFIX/`'
      : `write ${places.join(' or ')}, as \`drift.reports\` of its service says`
  const wrong = said === undefined ? 'is missing' : `found ${shown(said)}, and nobody hears of what lies there`
  return `${wrong}: ${meant}`
}

/** Monitors whose reports nobody would hear of: they would be paid for each night, and find nothing. */
export const monitorProblems = ({ pipelines, services }: Monitoring): { path: string[]; message: string }[] =>
  Object.entries(pipelines).flatMap(([name, { stages }]) =>
    stages.flatMap((stage, index) => {
      const message = whyUnheard(stage, services)
      const path = ['pipelines', name, 'stages', String(index), 'env', REPORTS]
      return message === null ? [] : [{ path, message }]
    }),
  )
