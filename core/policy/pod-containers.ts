import type { V1Container, V1PodSpec } from '@kubernetes/client-node'
import { isRecord } from '../record.ts'
import { HANDLERS } from '../workloads/pod-patch.ts'
import type { Wrong } from './ours.ts'

/** A container of a pod as it comes of a patch: where in the patch it is written, and what is written there. */
export interface Written {
  container: V1Container
  /** Empty: it is ours, and the patch says nothing of it. */
  path: Wrong['path']
  said: unknown
}

const PROBES = ['startupProbe', 'readinessProbe', 'livenessProbe'] as const
const HOOKS = ['postStart', 'preStop'] as const

/** What a container that runs beside others asks, does at its beginning and end, and listens on, that the API server does not take. */
export const containerWrongs = ({ container, path }: Written, spec: V1PodSpec): Wrong[] => [
  ...PROBES.flatMap((key) => probeWrongs(container, [...path, key], key)),
  ...HOOKS.flatMap((key) => handlerWrongs(container, container.lifecycle?.[key], [...path, 'lifecycle', key])),
  ...sleepWrongs(container, path, spec),
  ...portWrongs(container, path),
]

/** What runs before them ends by itself: nobody asks it, and it takes no leave. */
export const initWrongs = ({ container, path }: Written): Wrong[] =>
  [...PROBES, 'lifecycle' as const].flatMap((key) =>
    container[key] === undefined
      ? []
      : [{ path: [...path, key], message: 'what runs before the others ends by itself, and has none: leave it out' }],
  )

/** No kubelet starts as root what says that it is not. */
export const rootWrongs = ({ container, path }: Written, { securityContext: ofPod = {} }: V1PodSpec): Wrong[] => {
  const { runAsUser, runAsNonRoot } = container.securityContext ?? {}
  if ((runAsUser ?? ofPod.runAsUser) !== 0 || (runAsNonRoot ?? ofPod.runAsNonRoot) !== true) return []
  const message =
    'it is root, which `runAsNonRoot` forbids here, and would never start: write another, or `runAsNonRoot: false` beside it'
  return [{ path: [...(runAsUser === 0 ? path : []), 'securityContext', 'runAsUser'], message }]
}

/** Answers in a row that count as one, where only one does. */
const ONCE: ReadonlySet<string> = new Set(['startupProbe', 'livenessProbe'])

const probeWrongs = (container: V1Container, path: Wrong['path'], key: (typeof PROBES)[number]): Wrong[] => {
  const { successThreshold = 1, terminationGracePeriodSeconds } = container[key] ?? {}
  return [
    ...handlerWrongs(container, container[key], path),
    ...(ONCE.has(key) && successThreshold > 1
      ? [
          {
            path: [...path, 'successThreshold'],
            message: `of it one answer counts: leave it out; found ${successThreshold}`,
          },
        ]
      : []),
    ...(key === 'readinessProbe' && terminationGracePeriodSeconds !== undefined
      ? [
          {
            path: [...path, 'terminationGracePeriodSeconds'],
            message: 'nothing ends for not being ready: leave it out, or say it of `livenessProbe`',
          },
        ]
      : []),
  ]
}

/** What a probe or a hook does is one thing; a port that it asks has a name that the container says. */
const handlerWrongs = (container: V1Container, value: object | undefined, path: Wrong['path']): Wrong[] => {
  if (value === undefined) return []
  const said = Object.entries(value).filter(([key, one]) => HANDLERS.includes(key) && one !== undefined)
  if (said.length !== 1)
    return [
      {
        path,
        message:
          said.length === 0
            ? 'says nothing of what is done: write one of exec, httpGet, tcpSocket'
            : `it does one thing, and this is ${said.map(([key]) => key).join(' and ')}: leave out one of them`,
      },
    ]
  const [[key, handler]] = said as [[string, unknown]]
  if ((key !== 'httpGet' && key !== 'tcpSocket') || !isRecord(handler)) return []
  return askedWrongs(container, handler['port'], [...path, key, 'port'])
}

const askedWrongs = ({ ports = [] }: V1Container, port: unknown, path: Wrong['path']): Wrong[] => {
  if (port === undefined) return [{ path, message: 'is missing: say which port is asked, by its number or its name' }]
  if (typeof port !== 'string' || ports.some(({ name }) => name === port)) return []
  const names = ports.flatMap(({ name }) => (name === undefined ? [] : [name]))
  return [
    {
      path,
      message: `no port of the container is called \`${port}\`: write its number without quotes${names.length === 0 ? '' : `, or one of ${names.join(', ')}`}`,
    },
  ]
}

const sleepWrongs = ({ lifecycle }: V1Container, path: Wrong['path'], spec: V1PodSpec): Wrong[] => {
  const [sleep = 0, grace = Number.POSITIVE_INFINITY] = [
    lifecycle?.preStop?.sleep?.seconds,
    spec.terminationGracePeriodSeconds,
  ]
  return sleep <= grace
    ? []
    : [
        {
          path: [...path, 'lifecycle', 'preStop', 'sleep', 'seconds'],
          message: `the pod has ${grace} seconds to end: write less, or raise \`terminationGracePeriodSeconds\`; found ${sleep}`,
        },
      ]
}

const portWrongs = ({ ports = [] }: V1Container, path: Wrong['path']): Wrong[] => {
  const names = ports.map(({ name }) => name)
  const twice = names.find((name, index) => name !== undefined && names.indexOf(name) < index)
  return twice === undefined
    ? []
    : [{ path: [...path, 'ports'], message: `two of them are called \`${twice}\`: give each a name of its own` }]
}
