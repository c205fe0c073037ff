import type { Config } from '../../core/policy.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { clockOf, MINUTE, TRAIN, upload } from './scenes.ts'
import { openTown, type Town } from './town.ts'

/** The alert that says that the example's service drifts. */
const NAME = 'ModelDriftHigh'

/** The example's services, of which one is watched so. */
export const watched = (over: object = {}): Config['services'] => ({
  ...example.services,
  'support-llama': {
    ...example.services?.['support-llama'],
    drift: { alerts: [{ name: NAME, labels: { model: 'support-llama' } }], coolDown: '6h', ...over },
  } as never,
})

/** The example's pipeline, which drift begins. */
export const drifting = { ...piped(), on: { ...piped().on, drift: { service: 'support-llama' } } }

/** A policy under which it begins unasked, but where people are asked whatever it costs. */
export const config = {
  ...example,
  services: watched(),
  pipelines: { 'support-chats': drifting },
  approvals: { ...example.approvals, autoApproveBelow: 1e9 },
}

interface Told {
  /** As Alertmanager tells them apart; made of the instance unless told. */
  fingerprint?: string
  instance?: string
  status?: 'firing' | 'resolved'
  since: number
  until?: number
  labels?: Record<string, string>
}

/** What Alertmanager sends of these alerts, with its bearer token. */
export const alertTo = ({ house }: Pick<Town, 'house'>, ...alerts: Told[]) => {
  const body = Buffer.from(
    JSON.stringify({
      version: '4',
      status: 'firing',
      groupKey: '{}:{}',
      truncatedAlerts: 0,
      alerts: alerts.map(({ instance = 'a', status = 'firing', since, until, labels = {}, fingerprint }) => ({
        status,
        labels: { alertname: NAME, model: 'support-llama', instance, ...labels },
        annotations: { summary: 'Drift share 0.62 > 0.5' },
        startsAt: new Date(since).toISOString(),
        endsAt: until === undefined ? '0001-01-01T00:00:00Z' : new Date(until).toISOString(),
        fingerprint: fingerprint ?? `fp-${instance}`,
      })),
    }),
  )
  return house.webhook('alerts', { headers: { authorization: 'Bearer test-alerts' }, body })
}

/** The same, and a minute goes by. */
export const tellOf = async (town: Town, ...alerts: Told[]) => {
  const answer = await alertTo(town, ...alerts)
  await town.advance(MINUTE)
  return answer
}

/** A dataset was run on to the end. */
export const trainedTown = async (
  given: unknown = config,
  more: Pick<NonNullable<Parameters<typeof openTown>[0]>, 'metrics' | 'wrap'> = {},
): Promise<Town> => {
  const town = await openTown({ config: given, ...more })
  await upload(town)
  await town.settled(TRAIN)
  return town
}

export const nowOf = (town: Town): number => clockOf(town).now()
