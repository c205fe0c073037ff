import { shown } from './problems.ts'

const oneOf = (...values: string[]): ReadonlySet<string> => new Set(values)

const POLICIES = oneOf('Honor', 'Ignore')
const SELECTS = oneOf('In', 'NotIn', 'Exists', 'DoesNotExist')
const SCHEMES = oneOf('HTTP', 'HTTPS')
const PULLED = oneOf('Always', 'IfNotPresent', 'Never')

/** What Kubernetes' API takes in fields that have a few words, by type and field; an empty text is the field left out. */
const CHOICES: Readonly<Record<string, ReadonlySet<string>>> = {
  'PodSpec.dnsPolicy': oneOf('ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'),
  'PodOS.name': oneOf('linux', 'windows'),
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
  'PersistentVolumeClaimSpec.volumeMode': oneOf('Filesystem', 'Block'),
  'Toleration.effect': oneOf('NoSchedule', 'PreferNoSchedule', 'NoExecute'),
  'Toleration.operator': oneOf('Exists', 'Equal'),
  'NodeSelectorRequirement.operator': oneOf(...SELECTS, 'Gt', 'Lt'),
  'LabelSelectorRequirement.operator': SELECTS,
  'TopologySpreadConstraint.whenUnsatisfiable': oneOf('DoNotSchedule', 'ScheduleAnyway'),
  'TopologySpreadConstraint.nodeAffinityPolicy': POLICIES,
  'TopologySpreadConstraint.nodeTaintsPolicy': POLICIES,
}

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/
const SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

/** What of a pod is a name that DNS could have: of one part, or of several. */
const NAMES: Readonly<Record<string, RegExp>> = {
  'Container.name': LABEL,
  'Volume.name': LABEL,
  'PodSpec.hostname': LABEL,
  'PodSpec.subdomain': LABEL,
  'PodSpec.priorityClassName': SUBDOMAIN,
  'PodSpec.runtimeClassName': SUBDOMAIN,
}

/** Why the API server takes no such text in a field of a type, with what to write; null: it does. */
export const choiceWrong = (field: string, value: string): string | null => {
  const words = Object.hasOwn(CHOICES, field) ? CHOICES[field] : undefined
  if (words !== undefined && value !== '' && !words.has(value))
    return `write one of ${[...words].join(', ')}; found ${shown(value)}`
  const name = Object.hasOwn(NAMES, field) ? NAMES[field] : undefined
  if (name === undefined || name.test(value) || (value === '' && field.startsWith('PodSpec.'))) return null
  const length = name === LABEL ? 'at most 63' : 'dots, at most 253'
  return `Kubernetes takes no such name: write lower-case letters, digits, dashes between them, ${length}; found ${shown(value)}`
}
