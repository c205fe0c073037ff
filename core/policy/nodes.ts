import * as z from 'zod/mini'
import { filled } from '../../events/input.ts'
import { matching } from './fields.ts'

/** Tags of AWS by which something is found: it carries each of them. `*` is any value. */
export const tags = z.record(filled.check(z.maxLength(128)), filled.check(z.maxLength(256))).check(
  z.refine((all) => Object.keys(all).length > 0, 'write at least one tag: without any everything would be meant'),
  z.refine((all) => Object.keys(all).length <= 20, 'write at most 20 tags'),
)

/** What nodes of all pools have in common: `signalbox bootstrap` makes an EC2NodeClass a pool from it. */
export const nodes = z.strictObject({
  /**
   * The machine image, as Karpenter calls it, of one day: `al2023@v20260810`, `bottlerocket@v1.62.0`. Another one makes nodes that run
   * drift. They are replaced one after the other where services alone are and each lets a replica go: it has two, or `maxUnavailable` above
   * its one. Elsewhere each goes once it is empty.
   */
  ami: matching(
    /^(al2023@v\d{8}|bottlerocket@v\d{1,3}\.\d{1,3}\.\d{1,3})$/,
    'name one image of one day: `al2023@v20260810` or `bottlerocket@v1.62.0`',
    (value) =>
      value.endsWith('@latest')
        ? 'pin it, `al2023@v20260810`: with `latest` AWS decides on which day all nodes are replaced'
        : null,
  ),
  /** Name of the IAM role of nodes: `KarpenterNodeRole-…` as Karpenter's guide makes it. */
  role: matching(/^[\w+=,.@-]{1,64}$/, 'write the role’s name alone, without `arn:` and path'),
  /** Tags of the subnets in which nodes start. Left out: `karpenter.sh/discovery` with the cluster’s name. */
  subnets: z.optional(tags),
  /** Tags of the nodes’ security groups. Left out: `karpenter.sh/discovery` with the cluster’s name. */
  securityGroups: z.optional(tags),
})
