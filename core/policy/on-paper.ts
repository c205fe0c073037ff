import { GPUS_OF } from '../money/gpu-types.ts'
import type { Policy } from '../policy.ts'
import { groupsOf } from './approvals.ts'
import { ownGpus } from './counted.ts'
import { datasetsIn } from './datasets.ts'
import { enginesOnPaper } from './engines-on-paper.ts'
import { enoughOnPaper } from './enough.ts'
import { memoryOnPaper } from './gpu-memory.ts'
import { gatesOnPaper, registersOnPaper } from './judged.ts'
import { ladderOnPaper } from './ladder-on-paper.ts'
import { toldOfManifest } from './manifest-places.ts'
import { nearest } from './nearest.ts'
import { laneOf, type OnPaper } from './paper.ts'
import { typesOf } from './pools.ts'
import { runnersOnPaper } from './runner-on-paper.ts'
import { scriptsOnPaper } from './scripts-on-paper.ts'
import { shown } from './shown.ts'
import { alternativeUses, useOnPaper, usesOf } from './uses.ts'

/**
 * What of a valid policy cannot work as it is written. Of prices, ceilings and sizes a plan says so once an event comes; who writes
 * the policy is told before that.
 */
export const onPaper = (policy: Policy): OnPaper[] =>
  foundOnPaper(policy).map((one) => ({ ...one, path: toldOfManifest(policy, one.path) }))

const foundOnPaper = (policy: Policy): OnPaper[] => [
  ...Object.entries(policy.pools).flatMap(([name, pool]) =>
    poolOnPaper(name, pool).map((wrong) => ({ ...wrong, lanes: lanesOn(policy, name) })),
  ),
  ...usesOf(policy).flatMap((use) => useOnPaper(policy, use)),
  ...alternativeUses(policy).flatMap((use) => useOnPaper(policy, use).map((wrong) => ({ ...wrong, lanes: [] }))),
  ...nestedPrefixes(policy),
  ...amongResults(policy),
  ...gatesOnPaper(policy),
  ...registersOnPaper(policy),
  ...scriptsOnPaper(policy),
  ...runnersOnPaper(policy),
  ...enginesOnPaper(policy),
  ...memoryOnPaper(policy),
  ...approvalsOnPaper(policy.approvals),
  ...neverKnown(policy),
  ...enoughOnPaper(policy),
  ...ladderOnPaper(policy),
]

type Wrong = Omit<OnPaper, 'lanes'>

const lanesOn = (policy: Policy, pool: string): string[] => [
  ...new Set(usesOf(policy).flatMap((use) => (use.pool === pool ? [use.lane] : []))),
]

const poolOnPaper = (name: string, pool: Policy['pools'][string]): Wrong[] => {
  const { gpusPerNode, maxGpus, price } = pool
  const path = `pools.${name}`
  return [
    ...typesOnPaper(path, pool),
    ...(price === null
      ? [
          {
            path: `${path}.price`,
            why: 'nothing is planned without a price: `signalbox prices` reads it from the price list',
          },
        ]
      : []),
    ...(maxGpus > 0 && maxGpus < gpusPerNode
      ? [{ path: `${path}.maxGpus`, why: `${maxGpus} is less than one node of ${gpusPerNode}: no node can start` }]
      : []),
  ]
}

const typesOnPaper = (path: string, pool: Policy['pools'][string]): Wrong[] =>
  typesOf(pool).flatMap((type) => {
    const gpus = GPUS_OF.get(type)
    const like = nearest(type, [...GPUS_OF.keys()].filter(isOfSize(type)))
    const meant = like === null ? 'check its name and gpusPerNode at AWS' : `did you mean \`${like}\`?`
    if (pool.counts === 'nodes') return withoutOnPaper(path, { type, gpus })
    const at = pool.instanceTypes === undefined ? 'instanceType' : `instanceTypes.${pool.instanceTypes.indexOf(type)}`
    if (gpus === undefined) return [{ path: `${path}.${at}`, why: `no GPU type \`${type}\` is known: ${meant}` }]
    const said = ownGpus(pool)
    return gpus === said
      ? []
      : [{ path: `${path}.gpusPerNode`, why: `${type} has ${gpus}, not ${said}: write ${gpus}` }]
  })

/** AWS has hundreds of types without GPUs, so of those only what has some is known. */
const withoutOnPaper = (path: string, { type, gpus }: { type: string; gpus: number | undefined }): Wrong[] =>
  gpus === undefined
    ? []
    : [
        {
          path: `${path}.gpusPerNode`,
          why: `${type} has ${gpus}, and the pool is one without: write ${gpus} and \`maxGpus\``,
        },
      ]

/** A slip of the hand leaves family and size as they are: other numbers are another type. */
const isOfSize = (one: string) => {
  const size = (text: string): string => text.charAt(0).toLowerCase() + text.replace(/\D/g, '')
  return (other: string): boolean => size(one) === size(other)
}

/** What lies below the inner prefix never reaches the outer rule. */
const nestedPrefixes = ({ pipelines }: Policy): OnPaper[] => {
  const rules = datasetsIn(pipelines).map(({ name, rule, dataset }) => ({
    name,
    lane: laneOf('pipeline', name, rule),
    ...dataset,
  }))
  return rules.flatMap((inner) =>
    rules
      .filter(
        (outer) => outer.name !== inner.name && outer.bucket === inner.bucket && inner.prefix.startsWith(outer.prefix),
      )
      .map((outer) => ({
        path: `pipelines.${inner.name}.on.dataset.prefix`,
        why: `it lies below ${outer.prefix} of \`${outer.name}\`, which never sees what is uploaded here: give each a prefix of its own`,
        lanes: [inner.lane, outer.lane],
      })),
  )
}

/** Uploads and our own results at one place: the one would be taken for the other, and each may be written by who may write the other. */
const amongResults = ({ pipelines, results }: Policy): OnPaper[] =>
  datasetsIn(pipelines).flatMap(({ name, rule, dataset: { bucket, prefix } }) => {
    const isApart =
      bucket !== results.bucket || (!prefix.startsWith(results.prefix) && !results.prefix.startsWith(prefix))
    return isApart
      ? []
      : [
          {
            path: `pipelines.${name}.on.dataset.prefix`,
            why: `found ${prefix}, and Jobs write their results to ${results.prefix} of the same bucket: give uploads a prefix beside it, or another bucket`,
            lanes: [laneOf('pipeline', name, rule)],
          },
        ]
  })

/** A channel as Slack calls it, a private one too. */
const CHANNEL = /^[CG][A-Z0-9]{1,30}$/

/** Cards that nobody could change, and whose question nobody could answer. */
const approvalsOnPaper = ({
  channel,
  approvers,
  need,
  requesters = {},
  requesterMayApprove,
}: Policy['approvals']): OnPaper[] => [
  ...(CHANNEL.test(channel)
    ? []
    : [
        {
          path: 'approvals.channel',
          why: `found ${shown(channel)}, which is no channel’s id, and Slack lets a card be changed by that alone: write it as the channel’s details in Slack have it, \`C0GPUOPS\``,
          lanes: [],
        },
      ]),
  // Who is in a group is not known on paper.
  ...(requesterMayApprove || groupsOf({ approvers }).length > 0 ? [] : Object.entries(requesters)).flatMap(
    ([account, person]) => {
      const others = approvers.filter(({ id }) => id !== person).length
      return others >= need
        ? []
        : [
            {
              path: `approvals.requesters.${account}`,
              why: `what ${person} asks for needs ${need} of the approvers besides, and there are ${others}: add approvers, lower need or set requesterMayApprove`,
              lanes: [],
            },
          ]
    },
  ),
]

/** Lanes of which nobody is ever known to have asked, where the policy refuses that: S3 proves accounts, and a registry proves nobody. */
const neverKnown = ({ approvals, pipelines, services }: Policy): OnPaper[] => {
  if (approvals.unknownRequester !== 'refuse') return []
  const path = 'approvals.unknownRequester'
  const lanesOf = (block: 'pipeline' | 'service', rules: Record<string, { was?: string | undefined }>): string[] =>
    Object.entries(rules).map(([name, rule]) => laneOf(block, name, rule))
  const unmapped = Object.keys(approvals.requesters ?? {}).length === 0 ? lanesOf('pipeline', pipelines) : []
  const served = lanesOf('service', services)
  const found = (lanes: string[], why: string): OnPaper[] =>
    lanes.length === 0 ? [] : [{ path, why: `found refuse, and ${why}`, lanes }]
  return [
    ...found(
      served,
      'no registry proves who promoted a version: no service would ever be rolled out; write `one-more`',
    ),
    ...found(
      unmapped,
      'nobody is mapped: no pipeline would ever run; map who uploads in `requesters`, or write `one-more`',
    ),
  ]
}

/** What speaks against a lane on paper: a plan of it would be approved for nothing. */
export const againstOnPaper = (policy: Policy, lane: string): OnPaper[] =>
  onPaper(policy).filter(({ lanes }) => lanes.includes(lane))
