import { KEY_IS, LABEL_KEY, LABEL_VALUE, VALUE_IS } from './pod-keys.ts'
import { shown } from './shown.ts'

/** Which texts the API server takes in a field, and how to write one. */
interface Texts {
  is: RegExp
  say: string
}

const CHARACTERS = 'Kubernetes takes no such name: write lower-case letters, digits, dashes between them'
const LABEL: Texts = { is: /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, say: `${CHARACTERS}, at most 63` }
const SUBDOMAIN: Texts = {
  is: /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
  say: `${CHARACTERS}, dots, at most 253`,
}
const KEY: Texts = { is: LABEL_KEY, say: KEY_IS }
const VALUE: Texts = { is: LABEL_VALUE, say: VALUE_IS }
const PORT: Texts = {
  is: /^(?=.{1,15}$)(?!.*--)(?=.*[a-z])[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
  say: 'a port’s name has lower-case letters, digits, dashes between them, at most 15: write it so, or its number without quotes',
}
const PATH: Texts = {
  is: /^(?!\/)(?!(.*\/)?\.\.(\/|$))/s,
  say: 'it lies below its volume: write it without `/` before it, and without `..`',
}
const ADDRESS: Texts = {
  is: /^((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(?!$)|$)){4}$|^(?=.*:.*:)[0-9a-f:]{2,39}$/i,
  say: 'write an address, `10.0.0.2`',
}
const VARIABLE: Texts = {
  is: /^[ -<>-~]+$/,
  say: 'a variable’s name has no `=`, and nothing beyond ASCII: write it so',
}
const DATA_KEY: Texts = {
  is: /^(?!\.\.)(?!\.$)[-._a-zA-Z0-9]{1,253}$/,
  say: 'no Secret or ConfigMap can have such a key: letters, digits, `-`, `_` and `.`, at most 253',
}

/** By type and field; a list is known by what it has. An empty text is the field left out. */
const TEXTS: Readonly<Record<string, Texts>> = {
  'Container.name': LABEL,
  'Volume.name': LABEL,
  'PodSpec.hostname': LABEL,
  'PodSpec.subdomain': LABEL,
  'PodSpec.runtimeClassName': SUBDOMAIN,
  'SecretVolumeSource.secretName': SUBDOMAIN,
  'SecretProjection.name': SUBDOMAIN,
  'SecretEnvSource.name': SUBDOMAIN,
  'SecretKeySelector.name': SUBDOMAIN,
  'ConfigMapVolumeSource.name': SUBDOMAIN,
  'ConfigMapProjection.name': SUBDOMAIN,
  'ConfigMapEnvSource.name': SUBDOMAIN,
  'ConfigMapKeySelector.name': SUBDOMAIN,
  'PersistentVolumeClaimVolumeSource.claimName': SUBDOMAIN,
  'LocalObjectReference.name': SUBDOMAIN,
  'SecretKeySelector.key': DATA_KEY,
  'ConfigMapKeySelector.key': DATA_KEY,
  'KeyToPath.key': DATA_KEY,
  'EnvVar.name': VARIABLE,
  'ContainerPort.name': PORT,
  'HTTPGetAction.port': PORT,
  'TCPSocketAction.port': PORT,
  'VolumeMount.subPath': PATH,
  'VolumeMount.subPathExpr': PATH,
  'KeyToPath.path': PATH,
  'DownwardAPIVolumeFile.path': PATH,
  'ServiceAccountTokenProjection.path': PATH,
  'HostAlias.ip': ADDRESS,
  'PodDNSConfig.nameservers': ADDRESS,
  'Toleration.key': KEY,
  'Toleration.value': VALUE,
  'NodeSelectorRequirement.key': KEY,
  'LabelSelectorRequirement.key': KEY,
  'LabelSelectorRequirement.values': VALUE,
  'PodAffinityTerm.topologyKey': KEY,
  'TopologySpreadConstraint.topologyKey': KEY,
  'PodReadinessGate.conditionType': KEY,
  'EmptyDirVolumeSource.medium': {
    is: /^(Memory|HugePages(-[A-Za-z0-9]+)?)$/,
    say: "write 'Memory', or leave it out for the node’s disk",
  },
  'ObjectFieldSelector.fieldPath': {
    is: /^(metadata\.(name|namespace|uid|labels(\['.+'\])?|annotations(\['.+'\])?)|spec\.(nodeName|serviceAccountName)|status\.(hostIPs?|podIPs?))$/,
    say: "write metadata.name, metadata.namespace, metadata.uid, metadata.labels['KEY'], metadata.annotations['KEY'], spec.nodeName, spec.serviceAccountName, status.hostIP or status.podIP",
  },
  'ResourceFieldSelector.resource': {
    is: /^(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-.+)$/,
    say: 'write limits or requests, a dot, and cpu, memory or ephemeral-storage: `limits.memory`',
  },
}

/** Why the API server takes no such text in a field of a type, with what to write; null: it does. */
export const textWrong = (field: string, value: string): string | null => {
  const texts = Object.hasOwn(TEXTS, field) ? TEXTS[field] : undefined
  if (texts === undefined || texts.is.test(value) || (value === '' && !NEVER_EMPTY.test(field))) return null
  return `${texts.say}; found ${shown(value)}`
}

/** Names of the pod’s own parts. */
const NEVER_EMPTY = /^(Container|Volume|EnvVar|HostAlias)\.|\.nameservers$/
