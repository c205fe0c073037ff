import type { Failure } from '../reasons.ts'
import { said } from '../text.ts'

/** What a runtime that has not started a container says of it. */
export interface NotStarted {
  name: string
  /** The word for it: of a kubelet (`RunContainerError`), or of the runtime (`StartError`). */
  reason: string
  message: string | undefined
}

/**
 * What containerd says of a container that it has made and could not start: its exit code of 128 is no program's (`container_start.go` of
 * containerd 2).
 */
export const START_ERROR = 'StartError'

/** What a kubelet does itself before a container starts, with its CPUs, memory and devices: nothing of it is the pod's (Kubernetes 1.36). */
const OWN_HOOKS: ReadonlySet<string> = new Set(['PreCreateHookError', 'PreStartHookError'])

/** What the runtime says where its node cannot start it: its GPUs or their driver, its disk, its cgroups, the runtime itself. */
const NODE =
  /nvidia-container|nvml|hook #\d|CDI device|cgroup|no space left on device|deadline exceeded|is reserved for|ttrpc|shim (?:disconnected|exited)|resource temporarily unavailable|failed to sync (?:secret|configmap) cache/i

/** An image that asks for a newer driver than the node has: so has any other of its kind. */
const DRIVER = /nvidia-container-cli: requirement error/i

const MEMORY = /OOM[- ]killed/i

/** Through how many hands a message came says nothing. */
const HANDS =
  /^(?:(?:failed to create (?:containerd task|shim task)|OCI runtime create failed|runc create failed|unable to start container process|error during container init): )+/

/** What NVIDIA's own hook says stands behind what everybody says of hooks. */
const NVIDIA = /nvidia-container-cli: .*/s

/** Whose it is that a container never started: nothing of it is what its program did. */
export const whyNotStarted = ({ name, reason, message }: NotStarted): { failure: Failure; note: string } => {
  const text = message ?? ''
  const why = said(NVIDIA.exec(text)?.[0] ?? text.replace(HANDS, ''), 160)
  const told = `(${reason}${why === '' ? '' : `: ${why}`})`
  if (MEMORY.test(text))
    return { failure: 'out-of-memory', note: `${name} has not the memory to start ${told}: raise its limit` }
  if (DRIVER.test(text))
    return {
      failure: 'configuration',
      note: `${name} cannot be started ${told}: its image needs a newer driver than nodes of its pool have; take a newer node image, or an older one of it`,
    }
  if (OWN_HOOKS.has(reason) || NODE.test(text))
    return { failure: 'not-admitted', note: `its node could not start ${name} ${told}` }
  return {
    failure: 'configuration',
    note: `${name} cannot be started ${told}: make what it names, or take it out of the policy`,
  }
}
