import type { V1PodSpec } from '@kubernetes/client-node'
import { isRecord } from '../record.ts'
import { HTTP } from '../workloads/serving-health.ts'
import type { Wrong } from './ours.ts'
import type { Written } from './pod-containers.ts'

/** What a rollout is promised by that stands in the container that serves, and what for. */
const KEPT: readonly (readonly [keys: readonly string[], why: string])[] = [
  [['readinessProbe'], 'a rollout waits until a replica is ready: say how that is known, or leave it out'],
  [['startupProbe'], 'it would be ended while it loads its weights: say how that is known, or leave it out'],
  [['lifecycle', 'preStop'], 'it would be sent requests while it ends: say what it waits for, or leave it out'],
]

/** What Kubernetes takes of a pod that serves, and what breaks what is promised of it. */
export const servingWrongs = ({ container, path, said }: Written, drain: number, spec: V1PodSpec): Wrong[] => [
  ...KEPT.flatMap(([keys, message]) =>
    valueAt(container, keys) === undefined ? [{ path: [...path, ...writtenAt(said, keys)], message }] : [],
  ),
  ...leaveWrongs({ container, path }, drain, spec),
  // Whoever may write that object could say where weights come from (`HF_ENDPOINT`), and no card would have it.
  ...(container.envFrom === undefined || container.envFrom.length === 0
    ? []
    : [
        {
          path: [...path, 'envFrom'],
          message: 'name each variable under `env`: what serves takes none that its card does not have',
        },
      ]),
]

const valueAt = (value: unknown, keys: readonly string[]): unknown =>
  keys.reduce<unknown>((at, key) => (isRecord(at) ? at[key] : undefined), value)

/** So far as it is written: `lifecycle: null` takes away all that is below. */
const writtenAt = (said: unknown, [key, ...more]: readonly string[]): string[] =>
  key === undefined || !isRecord(said) ? [] : [key, ...writtenAt(said[key], more)]

/** Its Services and its probes ask a port of that name, and its engine answers on that number. */
export const portWrongs = ({ container: { ports = [] }, path, said }: Written, port: number): Wrong[] => {
  const written: readonly unknown[] = isRecord(said) && Array.isArray(said['ports']) ? said['ports'] : []
  const wrongAt = (is: (one: Record<string, unknown>) => boolean): Wrong[] => {
    const index = written.findIndex((one) => isRecord(one) && is(one))
    const message = `it answers on ${port}, which Services and probes call \`${HTTP}\`: leave that as it is, and give others another name`
    return [{ path: [...path, 'ports', ...(index < 0 ? [] : [index])], message }]
  }
  if (ports.some(({ name, containerPort }) => name === HTTP && containerPort !== port))
    return wrongAt(({ name, containerPort }) => name === HTTP && containerPort !== port)
  return ports.some(
    ({ name, containerPort, protocol = 'TCP' }) => name === HTTP && containerPort === port && protocol === 'TCP',
  )
    ? []
    : wrongAt(({ containerPort }) => containerPort === port)
}

/** What it sleeps before it is told to end is no time for requests in flight. */
const leaveWrongs = ({ container, path }: Omit<Written, 'said'>, drain: number, spec: V1PodSpec): Wrong[] => {
  const { terminationGracePeriodSeconds: grace = Number.POSITIVE_INFINITY } = spec
  const sleep = container.lifecycle?.preStop?.sleep?.seconds ?? 0
  return sleep > grace || sleep + drain < grace
    ? []
    : [
        {
          path: [...path, 'lifecycle', 'preStop', 'sleep', 'seconds'],
          message: `requests in flight would be cut off: write less, or \`terminationGracePeriodSeconds: ${sleep + drain + 15}\`; found ${sleep}`,
        },
      ]
}
