/** Capabilities that Kubernetes' Pod Security level `baseline` lets a container add. */
export const BASELINE_CAPABILITIES: readonly string[] = [
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
]

/** From Kubernetes 1.32 on, which all of EKS is that we run on. */
export const BASELINE_SYSCTLS: readonly string[] = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
]

const SELINUX_TYPES: readonly string[] = ['container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t']

const LEVEL = 'our namespaces hold pods to Pod Security `baseline`'

/** What `baseline` takes at a place of a pod, by the key that holds it and, before that, the keys above it. */
const TAKEN: { at: string[]; takes: (value: unknown) => boolean; instead: string }[] = [
  {
    at: ['capabilities', 'add'],
    takes: (value) => BASELINE_CAPABILITIES.includes(String(value)),
    instead: `it takes ${BASELINE_CAPABILITIES.join(', ')}`,
  },
  {
    at: ['sysctls', 'name'],
    takes: (value) => BASELINE_SYSCTLS.includes(String(value)),
    instead: `it takes ${BASELINE_SYSCTLS.join(', ')}`,
  },
  { at: ['seLinuxOptions', 'user'], takes: () => false, instead: 'leave it out' },
  { at: ['seLinuxOptions', 'role'], takes: () => false, instead: 'leave it out' },
  {
    at: ['seLinuxOptions', 'type'],
    takes: (value) => SELINUX_TYPES.includes(String(value)),
    instead: `it takes ${SELINUX_TYPES.join(', ')}`,
  },
  ...['seccompProfile', 'appArmorProfile'].map((profile) => ({
    at: [profile, 'type'],
    takes: (value: unknown) => value !== 'Unconfined',
    instead: 'write `RuntimeDefault`, or `Localhost` with a profile of yours',
  })),
  ...['httpGet', 'tcpSocket'].map((probe) => ({
    at: [probe, 'host'],
    takes: () => false,
    instead: 'leave it out: the pod itself is asked',
  })),
]

/** Why Kubernetes would refuse a pod of ours that says this at this place; null where it takes it. Elements of lists have their list's place. */
export const whyNotBaseline = (path: readonly (string | number)[], value: unknown): string | null => {
  if (typeof value !== 'string') return null
  const keys = path.filter((key) => typeof key === 'string')
  const rule = TAKEN.find(({ at }) => at.every((key, index) => keys[keys.length - at.length + index] === key))
  return rule === undefined || rule.takes(value) ? null : `${LEVEL}: ${rule.instead}`
}
