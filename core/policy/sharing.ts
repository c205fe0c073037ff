import * as z from 'zod/mini'
import { MIG_FAMILIES, profilesOf } from '../money/mig-profiles.ts'
import type { SliceResource } from '../pools/counts.ts'
import { matching } from './fields.ts'

/** More processes than wait for one GPU in turn are a slip of the hand. */
const MOST_REPLICAS = 32

/** How each GPU of a pool is shared by several pods. */
export const sharing = z.strictObject({
  /**
   * `time-slicing`: pods have a GPU in turn, and share its memory, which nothing keeps apart: one that takes more than its share takes it from the others, and one that
   * crashes may take them along. `mig`: a GPU is divided into parts with memory of their own, which A100, H100, H200 and B200 can be.
   */
  by: z.enum(['time-slicing', 'mig']),
  /** With `time-slicing`: pods that share a GPU. */
  replicas: z.optional(
    z.int().check(z.minimum(2, 'write 2 or more: what one pod has alone is not shared'), z.maximum(MOST_REPLICAS)),
  ),
  /** With `mig`: the profile of all parts, `1g.10gb`; as many of it as a GPU has room for. */
  profile: z.optional(matching(/^[1-7]g\.\d{1,3}gb$/, 'write the profile as NVIDIA does, `1g.10gb`')),
})

export type Sharing = z.output<typeof sharing>

/** What of a pool says how its GPUs are shared. */
export interface Shared {
  sharing?: Sharing | undefined
  instanceType?: string | undefined
  instanceTypes?: readonly string[] | undefined
}

/** A part of a GPU. */
export interface Slice {
  /** As nodes offer it, and pods ask for it: under no name that a whole GPU has, so that neither is taken for the other. */
  resource: SliceResource
  /** How many a GPU has of it. */
  perGpu: number
  /** Whether its memory is its own. */
  isApart: boolean
}

/** As NVIDIA's device plugin calls what is had in turn, where it renames it. */
const IN_TURN: SliceResource = 'nvidia.com/gpu.shared'

/** The slices of a pool's GPUs; null: its GPUs are had whole, or how it shares them is refused. */
export const sliceOf = ({ sharing, instanceType, instanceTypes = [] }: Shared): Slice | null => {
  if (sharing === undefined) return null
  const { by, replicas = 0, profile = '' } = sharing
  if (by === 'time-slicing') return replicas < 2 ? null : { resource: IN_TURN, perGpu: replicas, isApart: false }
  const perGpu = profilesOf(instanceType ?? instanceTypes[0] ?? '')?.[profile]
  return perGpu === undefined ? null : { resource: `nvidia.com/mig-${profile}`, perGpu, isApart: true }
}

interface Problem {
  path: string[]
  message: string
}

/** What of a pool does not go with sharing its GPUs. */
export const sharingProblems = (pool: Shared & { gpusPerNode: number; efa?: unknown; queue?: unknown }): Problem[] => {
  if (pool.sharing === undefined) return []
  const { gpusPerNode, efa, queue } = pool
  const said: [key: string, is: boolean, message: string][] = [
    ['sharing', gpusPerNode === 0, 'the nodes of this pool have no GPUs (`gpusPerNode: 0`): leave it out'],
    ['efa', efa !== undefined, 'EFA is told to gangs of whole GPUs alone, and this pool shares them: leave it out'],
    [
      'queue',
      queue !== undefined,
      'Kueue lends whole GPUs, and this pool shares them: leave it out, or give it a pool of its own',
    ],
  ]
  return [
    ...said.flatMap(([key, is, message]) => (is ? [{ path: [key], message }] : [])),
    ...(pool.sharing.by === 'mig' ? migProblems(pool, pool.sharing) : inTurnProblems(pool.sharing)),
  ]
}

const inTurnProblems = ({ replicas, profile }: Sharing): Problem[] => [
  ...(replicas === undefined
    ? [{ path: ['sharing', 'replicas'], message: 'is missing: say how many pods have a GPU in turn' }]
    : []),
  ...(profile === undefined
    ? []
    : [{ path: ['sharing', 'profile'], message: "MIG alone has profiles: leave it out, or say `by: 'mig'`" }]),
]

const migProblems = ({ instanceType, instanceTypes }: Shared, { replicas, profile }: Sharing): Problem[] => {
  const ofReplicas =
    replicas === undefined
      ? []
      : [
          {
            path: ['sharing', 'replicas'],
            message: 'how many parts a GPU has is said by its profile: leave it out',
          },
        ]
  const types = instanceType === undefined ? (instanceTypes ?? []) : [instanceType]
  const cannot = types.find((type) => profilesOf(type) === null)
  if (cannot !== undefined)
    return [
      ...ofReplicas,
      {
        path: ['sharing', 'by'],
        message: `no MIG profiles of ${cannot} are known: take a type of ${MIG_FAMILIES.join(', ')}, or say \`by: 'time-slicing'\``,
      },
    ]
  const without = types.find((type) => profile === undefined || profilesOf(type)?.[profile] === undefined)
  if (without !== undefined)
    return [...ofReplicas, { path: ['sharing', 'profile'], message: profileText(without, profile) }]
  const counts = new Set(types.map((type) => profilesOf(type)?.[profile ?? '']))
  if (counts.size <= 1) return ofReplicas
  const message = `its types have different numbers of it a GPU (${[...counts].join(', ')}): give each a pool of its own`
  return [...ofReplicas, { path: ['sharing', 'profile'], message }]
}

const profileText = (type: string, profile: string | undefined): string => {
  const known = Object.keys(profilesOf(type) ?? {}).join(', ')
  return profile === undefined
    ? `is missing: a GPU of ${type} has ${known}`
    : `a GPU of ${type} has no such profile: write one of ${known}`
}
