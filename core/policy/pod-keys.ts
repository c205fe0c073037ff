import { shown } from './shown.ts'

/** A label’s key: a name, which may begin with the domain of whoever means something by it. */
const NAME = '[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?'
const DOMAIN = '(?=[^/]{1,253}/)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'
export const LABEL_KEY: RegExp = new RegExp(`^(${DOMAIN}/)?${NAME}$`)
export const LABEL_VALUE: RegExp = new RegExp(`^(${NAME})?$`)

export const KEY_IS =
  'a label’s key has letters, digits, `-`, `_` and `.` between them, at most 63, after a domain and `/` where it is somebody’s: write it so'
export const VALUE_IS = 'a label’s value has letters, digits, `-`, `_` and `.` between them, at most 63: write it so'

/** What a container may ask for without saying whose it is. */
const OWN = /^(cpu|memory|ephemeral-storage|hugepages-[A-Za-z0-9.]+)$/

/** What people call memory, disks and GPUs elsewhere. */
const CALLED: Readonly<Record<string, string>> = {
  ram: 'say `memory`',
  mem: 'say `memory`',
  storage: 'say `ephemeral-storage`',
  disk: 'say `ephemeral-storage`',
  cpus: 'say `cpu`',
  gpu: 'say how many GPUs where the pool is named: they are priced',
  gpus: 'say how many GPUs where the pool is named: they are priced',
}

/** Maps of a pod whose keys are labels, with their values; and those whose keys are resources of a container. */
const LABELS: ReadonlySet<string> = new Set(['PodSpec.nodeSelector', 'LabelSelector.matchLabels', 'ObjectMeta.labels'])
const RESOURCES: ReadonlySet<string> = new Set(['ResourceRequirements.limits', 'ResourceRequirements.requests'])

/** Why the API server takes no such key with this value in a map of a pod, with what to write; null: it does. */
export const keyWrong = (field: string, key: string, value: unknown): string | null => {
  if (LABELS.has(field)) {
    if (!LABEL_KEY.test(key)) return KEY_IS
    return typeof value === 'string' && !LABEL_VALUE.test(value) ? `${VALUE_IS}; found ${shown(value)}` : null
  }
  if (!RESOURCES.has(field)) return null
  if (key.includes('/')) return ofDevice(key, value)
  if (OWN.test(key)) return null
  const called = Object.hasOwn(CALLED, key.toLowerCase()) ? CALLED[key.toLowerCase()] : undefined
  return `Kubernetes has no such resource: ${called ?? 'say cpu, memory or ephemeral-storage, or whose it is, `vpc.amazonaws.com/efa`'}`
}

/** What a device plug-in counts, it counts whole. */
const ofDevice = (key: string, value: unknown): string | null => {
  if (!LABEL_KEY.test(key)) return KEY_IS
  return typeof value === 'string' && !/^\d+$/.test(value) ? `it is whole: write '1'; found ${shown(value)}` : null
}
