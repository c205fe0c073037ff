import { expect, it } from 'vitest'
import { choiceWrong } from '../../../core/policy/pod-choices.ts'
import { podProblems } from '../../../core/policy/pod-shape.ts'
import { textWrong } from '../../../core/policy/pod-texts.ts'

const found = (pod: unknown): string[] =>
  podProblems({ services: { s: { pod } } }).map(({ path, message }) => `${path.slice(3).join('.')}: ${message}`)

it.each<[unknown, string]>([
  [
    { tolerations: [{ key: 'a', effect: 'noschedule' }] },
    'tolerations.0.effect: write one of NoSchedule, PreferNoSchedule, NoExecute; found "noschedule"',
  ],
  [{ tolerations: [{ key: 'a', operator: 'Equals' }] }, 'tolerations.0.operator: write one of Exists, Equal'],
  [{ dnsPolicy: 'clusterfirst' }, 'dnsPolicy: write one of ClusterFirst, ClusterFirstWithHostNet, Default, None'],
  [
    { containers: [{ name: 'a', imagePullPolicy: 'ifnotpresent' }] },
    'containers.0.imagePullPolicy: write one of Always, IfNotPresent, Never; found "ifnotpresent"',
  ],
  [
    { initContainers: [{ name: 'a', terminationMessagePolicy: 'Logs' }] },
    'initContainers.0.terminationMessagePolicy: write one of File, FallbackToLogsOnError',
  ],
  [{ containers: [{ name: 'a', ports: [{ containerPort: 1, protocol: 'tcp' }] }] }, 'write one of TCP, UDP, SCTP'],
  [
    { topologySpreadConstraints: [{ topologyKey: 'a', whenUnsatisfiable: 'Schedule' }] },
    'write one of DoNotSchedule, ScheduleAnyway',
  ],
  [{ runtimeClassName: 'NVIDIA' }, 'runtimeClassName: Kubernetes takes no such name'],
  [
    { containers: [{ name: 'Side_Car' }] },
    'containers.0.name: Kubernetes takes no such name: write lower-case letters',
  ],
  [{ volumes: [{ name: 'a.b' }] }, 'volumes.0.name: Kubernetes takes no such name'],
  [{ hostname: 'a.b' }, 'hostname: Kubernetes takes no such name'],
])('%j is answered with what Kubernetes takes', (pod, message) => {
  expect(found(pod)).toEqual([expect.stringContaining(message)])
})

it('takes what Kubernetes takes, and has no say in other fields', () => {
  for (const effect of ['', 'NoSchedule', 'PreferNoSchedule', 'NoExecute'])
    expect(choiceWrong('Toleration.effect', effect)).toBeNull()
  expect(textWrong('PodSpec.runtimeClassName', 'nvidia.legacy')).toBeNull()
  expect(textWrong('PodSpec.runtimeClassName', '')).toBeNull()
  expect(choiceWrong('Toleration.key', 'Any_Thing')).toBeNull()
  expect(found({ nodeSelector: { effect: 'x', name: 'A_B' } })).toEqual([])
})
