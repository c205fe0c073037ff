import * as z from 'zod/mini'
import { filled } from '../../events/input.ts'
import { GPUS_OF } from '../money/gpu-types.ts'
import type { Counts } from '../pools/counts.ts'
import { count, countOrNone, dollars, matching, minutes, name, queue } from './fields.ts'
import { tags } from './nodes.ts'
import { hours, hoursProblems, leases, mostProblems } from './pool-hours.ts'
import { sharing, sharingProblems } from './sharing.ts'

/** GiB below which an image and weights do not find room beside what pods write; and an image without GPUs, which has none of their libraries, by itself. */
const [LEAST_DISK, LEAST_WITHOUT] = [300, 50]

const instanceType = filled.check(z.maxLength(60, 'no instance type has more than 60 characters'))

/** Capacity that was reserved beforehand: one by its id, or all that carry these tags. */
const reservation = z
  .strictObject({
    /** Of one reservation: `cr-56fac701cc1951b03`. Capacity blocks have such ids too. */
    id: z.optional(matching(/^cr-[0-9a-z]{1,40}$/, 'write the reservation’s id, `cr-` and what follows it')),
    /** Of all reservations that carry each of these. */
    tags: z.optional(tags),
    /** The account that owns them, of 12 digits, where another one shares them. With `tags`. */
    owner: z.optional(matching(/^\d{12}$/, 'write the account’s number, 12 digits in quotes')),
  })
  .check(
    z.refine((one) => (one.id === undefined) !== (one.tags === undefined), 'say `id` or `tags`: one of them'),
    z.refine(({ id, owner }) => id === undefined || owner === undefined, 'an id needs no `owner`: leave it out'),
  )

/** A pool of nodes, with GPUs or without: one Karpenter NodePool, which starts nodes below the ceiling as pods need them. */
export const pool = z
  .strictObject({
    /** EC2 instance type, e.g. `p5.48xlarge`: one GPU size a pool. This, or `instanceTypes`. */
    instanceType: z.optional(instanceType),
    /**
     * Several that have as many GPUs: Karpenter starts the cheapest that there is. Models and images must run on each, and `price` is the
     * dearest one’s.
     */
    instanceTypes: z.optional(z.array(instanceType).check(z.minLength(1), z.maxLength(20))),
    /** GPUs of one node of that type. 0: it has none, and the pool is for stages that say `gpus: 0`: each has one of its nodes to itself, so that all that is counted of it is nodes. */
    gpusPerNode: countOrNone,
    /**
     * How each of its GPUs is shared by several pods: `{ by: 'time-slicing', replicas: 4 }`, or `{ by: 'mig', profile: '1g.10gb' }` ([gpu-sharing.md](gpu-sharing.md)). A stage or a
     * replica then has one slice, and all that is counted of the pool is slices; its ceiling is said in nodes. Needs Karpenter’s NodeOverlay. Left out: GPUs are had whole.
     */
    sharing: z.optional(sharing),
    /** Ceiling on the pool's GPUs: the NodePool's limit. 0 keeps everything out. Of a pool without GPUs, or that shares them, `maxNodes` says it. */
    maxGpus: z.optional(countOrNone),
    /** Ceiling on the nodes of a pool without GPUs, or that shares them, in place of `maxGpus`: the NodePool’s limit. Without GPUs as many stages run there at once at most. 0 keeps everything out. */
    maxNodes: z.optional(countOrNone),
    /** Other ceilings at some times of the week: a pool that grows at night. What runs when one ends is finished; nothing that would go beyond it begins. */
    hours: z.optional(hours),
    /** What operators may lease on top of the ceiling for a while: `signalbox lease NAME +8 --for 6h`. Left out: nothing. Needs `price`, since each is asked about by what it costs at most. */
    leases: z.optional(leases),
    /** `shadow`: its hours change nothing and nobody leases of it; `signalbox why pool/NAME` says which ceiling would be set. Left out: `act`. */
    mode: z.optional(z.enum(['act', 'shadow'])),
    /** How nodes may be bought. Nodes of another kind are never started. `spot` needs Karpenter’s interruption queue: without it no stage hears that its node is taken back. */
    capacityTypes: z._default(z.array(z.enum(['on-demand', 'spot', 'reserved'])).check(z.minLength(1)), ['on-demand']),
    /** On-demand capacity reservations and capacity blocks whose instances it takes, where `capacityTypes` has `reserved`. */
    reservations: z.optional(z.array(reservation).check(z.minLength(1), z.maxLength(30))),
    /** GiB of each node’s disk, for images, weights and what pods write: 500 where it is left out, and 100 of a node without GPUs. */
    disk: z.optional(z.int().check(z.positive(), z.maximum(16_384, 'write at most 16384, which a volume has'))),
    /**
     * Minutes from when a node is billed until its first pod runs, its image pulled: as a rule, and in the bad case. `{ p50: 10, p95: 20 }`
     * where it is left out. Each node that is started for a plan is priced with these, and with the 11 that it stands empty afterwards.
     */
    bootMinutes: z.optional(minutes),
    /**
     * EFA interfaces that a node has for pods: `vpc.amazonaws.com/efa` of its allocatable, once the EFA device plugin runs (32 of a p5.48xlarge). A stage on several
     * nodes of it asks for all of them in each pod, with 5 GiB of huge pages, all in one zone, and NCCL is told to use them. Left out: its pods talk by the network that each pod has.
     */
    efa: z.optional(count),
    /** Name of an EC2NodeClass of yours, which `signalbox bootstrap` compares with this. Left out: the one that it makes from `nodes`. */
    nodeClass: z.optional(name),
    /** The LocalQueue through which Kueue, which then owns the pool, lends it to Jobs: of such a pool no GPUs are held. */
    queue: z.optional(queue),
    /** What one node costs. Without a price nothing on the pool is planned; `signalbox prices` reads it from the AWS price list. What a plan was priced with is what was approved and is booked, whatever is written here meanwhile. */
    price: z._default(
      z.nullable(
        z.strictObject({
          /** Dollars an hour for one node, on demand; where a capacity type below has none of its own, for that one too. */
          perNodeHour: dollars,
          /** Dollars an hour for one spot node, as you reckon with it in the bad case: the p95 of a week, say. */
          spot: z.optional(dollars),
          /** Dollars an hour that a reserved node costs beyond what is paid anyway: 0 for a capacity block. */
          reserved: z.optional(z.number().check(z.nonnegative())),
          /** Where the figure is from; the plan quotes it. */
          source: filled,
          /** The day it was read, `2026-11-01`. */
          date: z.iso.date('write the day that the price was read, in quotes: `2026-11-01`'),
        }),
      ),
      null,
    ),
  })
  .check(
    z.superRefine((value, context) => {
      for (const { path, message } of poolProblems(value)) context.addIssue({ code: 'custom', path, message })
    }),
  )

type Pool = z.output<typeof pool>

/** Instance types of which a pool's nodes may be, each once, in a fixed order. */
export const typesOf = ({
  instanceType,
  instanceTypes = [],
}: Pick<Pool, 'instanceType' | 'instanceTypes'>): string[] =>
  instanceType === undefined ? [...new Set(instanceTypes)].sort() : [instanceType]

/** GiB of a node's disk. */
export const diskOf = ({ disk, counts }: Pick<Pool, 'disk'> & Counts): number =>
  disk ?? (counts === 'nodes' ? 100 : 500)

interface PoolProblem {
  path: string[]
  message: string
}

const poolProblems = (value: Pool): PoolProblem[] => [
  ...typeProblems(value),
  ...capacityProblems(value),
  ...diskProblems(value),
  ...gpuProblems(value),
  ...sharingProblems(value),
  ...mostProblems(value),
  ...hoursProblems(value),
]

const diskProblems = ({ disk, gpusPerNode }: Pool): PoolProblem[] => {
  const least = gpusPerNode === 0 ? LEAST_WITHOUT : LEAST_DISK
  if (disk === undefined || disk >= least) return []
  const fills = gpusPerNode === 0 ? 'its system and an image' : 'an image of 13 GB and weights of 130 GB'
  return [{ path: ['disk'], message: `write at least ${least}: ${fills} fill a smaller one` }]
}

/** What is of GPUs, of a pool that has none. */
const gpuProblems = ({ gpusPerNode, efa, queue }: Pool): PoolProblem[] => {
  if (gpusPerNode > 0) return []
  const without = 'the nodes of this pool have no GPUs (`gpusPerNode: 0`)'
  return [
    ...(efa === undefined
      ? []
      : [{ path: ['efa'], message: `${without}, and EFA is told to gangs of GPUs alone: leave it out` }]),
    ...(queue === undefined
      ? []
      : [
          {
            path: ['queue'],
            message: `${without}, and a stage has one whole, which no quota of Kueue counts: leave it out`,
          },
        ]),
  ]
}

const typeProblems = ({ instanceType, instanceTypes, gpusPerNode }: Pool): PoolProblem[] => {
  if (instanceType === undefined && instanceTypes === undefined)
    return [{ path: ['instanceType'], message: 'is missing: write a text, in quotes, or `instanceTypes`, a list' }]
  if (instanceTypes === undefined) return []
  const path = ['instanceTypes']
  if (instanceType !== undefined) return [{ path, message: 'say this or `instanceType`: one of them' }]
  // Of one type alone it is told on paper: earlier releases took it.
  return instanceTypes.flatMap((type, index) => {
    const gpus = GPUS_OF.get(type) ?? gpusPerNode
    const at = [...path, String(index)]
    if (instanceTypes.indexOf(type) < index) return [{ path: at, message: `\`${type}\` stands there twice` }]
    const message = `${type} has ${gpus} GPUs, not ${gpusPerNode}: all nodes of a pool have as many; give it a pool of its own`
    return gpus === gpusPerNode ? [] : [{ path: at, message }]
  })
}

/** What is said of a way of buying that the pool never takes would never be in force. */
const capacityProblems = ({ capacityTypes, reservations, price }: Pool): PoolProblem[] => {
  const said: [string[], boolean, 'spot' | 'reserved'][] = [
    [['reservations'], reservations !== undefined, 'reserved'],
    [['price', 'reserved'], price?.reserved !== undefined, 'reserved'],
    [['price', 'spot'], price?.spot !== undefined, 'spot'],
  ]
  return said.flatMap(([path, isSaid, type]) =>
    isSaid && !capacityTypes.includes(type)
      ? [{ path, message: `no such node is started: add '${type}' to capacityTypes, or leave this out` }]
      : [],
  )
}
