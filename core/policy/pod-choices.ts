import { shown } from './shown.ts'

const oneOf = (...values: string[]): ReadonlySet<string> => new Set(values)

const POLICIES = oneOf('Honor', 'Ignore')
const SELECTS = oneOf('In', 'NotIn', 'Exists', 'DoesNotExist')
const SCHEMES = oneOf('HTTP', 'HTTPS')
const PULLED = oneOf('Always', 'IfNotPresent', 'Never')

/** What Kubernetes' API takes in fields that have a few words, by type and field; an empty text is the field left out. */
const CHOICES: Readonly<Record<string, ReadonlySet<string>>> = {
  'PodSpec.dnsPolicy': oneOf('ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'),
  // GPUs of EKS are on nodes of Linux, and what we say of a pod Windows knows nothing of.
  'PodOS.name': oneOf('linux'),
  'PodSecurityContext.fsGroupChangePolicy': oneOf('OnRootMismatch', 'Always'),
  'PodSecurityContext.supplementalGroupsPolicy': oneOf('Merge', 'Strict'),
  'PodSecurityContext.seLinuxChangePolicy': oneOf('MountOption', 'Recursive'),
  'Container.imagePullPolicy': PULLED,
  'Container.terminationMessagePolicy': oneOf('File', 'FallbackToLogsOnError'),
  'ContainerPort.protocol': oneOf('TCP', 'UDP', 'SCTP'),
  'HTTPGetAction.scheme': SCHEMES,
  'VolumeMount.mountPropagation': oneOf('None', 'HostToContainer'),
  'VolumeMount.recursiveReadOnly': oneOf('Disabled', 'IfPossible', 'Enabled'),
  'ImageVolumeSource.pullPolicy': PULLED,
  'PersistentVolumeClaimSpec.accessModes': oneOf('ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOncePod'),
  'PersistentVolumeClaimSpec.volumeMode': oneOf('Filesystem', 'Block'),
  'Toleration.effect': oneOf('NoSchedule', 'PreferNoSchedule', 'NoExecute'),
  'Toleration.operator': oneOf('Exists', 'Equal'),
  'NodeSelectorRequirement.operator': oneOf(...SELECTS, 'Gt', 'Lt'),
  'LabelSelectorRequirement.operator': SELECTS,
  'TopologySpreadConstraint.whenUnsatisfiable': oneOf('DoNotSchedule', 'ScheduleAnyway'),
  'TopologySpreadConstraint.nodeAffinityPolicy': POLICIES,
  'TopologySpreadConstraint.nodeTaintsPolicy': POLICIES,
}

/** Why the API server takes no such word in a field of a type, with what to write; null: it does. */
export const choiceWrong = (field: string, value: string): string | null => {
  const words = Object.hasOwn(CHOICES, field) ? CHOICES[field] : undefined
  return words === undefined || value === '' || words.has(value)
    ? null
    : `write ${words.size === 1 ? '' : 'one of '}${[...words].join(', ')}; found ${shown(value)}`
}
