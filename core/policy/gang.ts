import { newest, PRESETS, type Preset } from '../workloads/presets.ts'
import type { Wrong } from './ours.ts'
import type { PodPatch } from './pod.ts'

/** What of a stage says how it runs on several nodes. */
interface Gang {
  gpus?: number
  env?: Readonly<Record<string, string>>
  nodes?: number | undefined
  use?: keyof typeof PRESETS | undefined
  command?: readonly string[] | undefined
  pod?: PodPatch | undefined
}

/** What of a stage does not go with several nodes: names by which its pods find each other, and a preset’s program that would do the same on each. */
export const gangWrongs = ({ nodes = 1, use, command, pod }: Gang): Wrong[] => {
  if (nodes === 1) return []
  const named = (['hostname', 'subdomain', 'setHostnameAsFQDN'] as const).flatMap((key) =>
    pod?.[key] === undefined
      ? []
      : [{ path: ['pod', key], message: 'its pods find each other by the names that they have: leave it out' }],
  )
  const dns = pod?.dnsPolicy
  if (dns != null && dns !== 'ClusterFirst' && dns !== 'ClusterFirstWithHostNet')
    named.push({ path: ['pod', 'dnsPolicy'], message: "its pods find each other by the cluster's DNS: leave it out" })
  const preset = use === undefined || command !== undefined ? undefined : newest(use)
  // What its image runs by itself nobody here knows.
  if (preset === undefined || preset.command === null || preset.overNodes !== undefined) return named
  const message = `what \`${use}\` runs would do the same on each of them: leave it out, or say a \`command\` of yours`
  return [...named, { path: ['nodes'], message }]
}

/** What of a stage without GPUs does not go with that: several nodes, and a preset’s program that works on GPUs. */
export const withoutGpusWrongs = ({ gpus, env = {}, nodes = 1, use, command }: Gang): Wrong[] => {
  if (gpus !== 0) return []
  const gang =
    nodes === 1
      ? []
      : [{ path: ['nodes'], message: 'a stage without GPUs runs on one node: leave it out, or say `gpus`' }]
  // A command of its own is its own to know.
  if (use === undefined || command !== undefined) return gang
  const { withoutGpus, asks }: Preset = newest(use)
  if (withoutGpus === true || (asks !== undefined && Object.hasOwn(env, asks))) return gang
  const others = Object.keys(PRESETS).filter((name) => newest(name).withoutGpus === true)
  const server = asks === undefined ? '' : `, or name a server in \`${asks}\``
  const message = `what \`${use}\` runs works on GPUs: say how many${server}; of the presets ${others.join(', ')} need none`
  return [...gang, { path: ['gpus'], message }]
}
